// npm's certified OpenID provider, laid out like Entra or with its own paths, over TLS.
// usage: node provider.mjs MODE PORT CERTIFICATE KEY MODULES
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [mode, port, certificate, key, modules] = process.argv.slice(2);
const require = createRequire(path.join(modules, "package.json"));
const main = path.join(modules, "node_modules", "oidc-provider", "lib", "index.js");
const { default: Provider, errors } = await import(pathToFileURL(main).href);
void require;
const tenant = "3596192b-fdf5-4e2c-a6fa-acb706c963d8";
const resource = "api://outside";
const entra = mode === "entra";
const base = entra ? `/${tenant}/v2.0` : "/oidc";
const issuer = `https://localhost:${port}${base}`;
const users = { "alice@contoso.com": "good-password" };

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "public-client",
      token_endpoint_auth_method: "none",
      application_type: "native",
      grant_types: ["authorization_code", "refresh_token", "password",
        "urn:ietf:params:oauth:grant-type:device_code"],
      redirect_uris: ["http://localhost"],
    },
  ],
  scopes: ["openid", "offline_access", "user_impersonation", "profile"],
  claims: { openid: ["sub"], profile: ["name", "preferred_username"] },
  features: {
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: "user_impersonation",
        audience: resource,
        accessTokenFormat: "jwt",
        accessTokenTTL: 3600,
      }),
    },
  },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
  pkce: { required: () => true },
  issueRefreshToken: () => true,
  ttl: { Interaction: 600, Session: 600, Grant: 600 },
});
provider.proxy = true;

// The password grant is not in the library; this is its documented way to add one.
provider.registerGrantType(
  "password",
  async (ctx, next) => {
    const { username, password, scope } = ctx.oidc.params;
    if (!users[username] || users[username] !== password) {
      throw new errors.InvalidGrant("invalid credentials provided");
    }
    const grant = new provider.Grant({ accountId: username, clientId: ctx.oidc.client.clientId });
    grant.addOIDCScope("openid offline_access");
    grant.addResourceScope(resource, "user_impersonation");
    const grantId = await grant.save();
    const { AccessToken, RefreshToken, IdToken } = provider;
    const token = new AccessToken({
      accountId: username, client: ctx.oidc.client, grantId, gty: "password",
      scope: "user_impersonation",
    });
    token.resourceServer = new provider.ResourceServer(resource, {
      scope: "user_impersonation", audience: resource, accessTokenFormat: "jwt",
      accessTokenTTL: 3600,
    });
    const refresh = new RefreshToken({
      accountId: username, client: ctx.oidc.client, grantId, gty: "password",
      scope: "openid offline_access user_impersonation", resource,
    });
    void IdToken;
    ctx.body = {
      access_token: await token.save(),
      refresh_token: await refresh.save(),
      expires_in: 3600,
      token_type: "Bearer",
      scope,
    };
    await next();
  },
  ["username", "password", "scope"],
);

const handler = provider.callback();
https
  .createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }, (req, res) => {
    if (!req.url.startsWith(base)) {
      res.statusCode = 404;
      res.end();
      return;
    }
    req.originalUrl = req.url;
    req.url = req.url.slice(base.length) || "/";
    handler(req, res);
  })
  .listen(Number(port), "127.0.0.1", () => console.log(`ready ${issuer}`));
