// One operation: what was sent and what came back, per caller, with the findings beside it.

function operationPage(part, partNumber, operation, index, exchangeId) {
  const content = readOperation(partNumber, index);
  const findings = part.findings.filter((finding) => finding.operation === operation.id);
  const { method, path, summary: about } = operation.coverage || {};
  const title = el('h2', { id: 'operation-title', tabindex: '-1' }, operationName(operation.id));
  const exchanges = exchangesSection(content.exchanges, findings, exchangeId);
  const node = el('article', { class: 'operation', 'aria-labelledby': 'operation-title' },
    el('nav', { class: 'crumbs', 'aria-label': 'Operations' }, el('a', { href: '#/' }, '← Overview'), neighbours(part, partNumber, index)),
    title, path ? el('p', { class: 'path' }, el('code', null, `${method || ''} ${path}`)) : null,
    about ? el('p', { class: 'quiet' }, about) : null,
    suiteCells(part, operation),
    el('div', { class: 'beside' },
      el('aside', { class: 'beside-findings', 'aria-labelledby': 'operation-findings' },
        el('div', null, el('h3', { id: 'operation-findings' }, findings.length ? plural(findings.length, 'finding') : 'No findings'),
          findings.map((finding) => findingCard(finding, partNumber, { open: findings.length <= 3, alone: true }))),
        operation.coverage ? coverageBox(operation.coverage) : null, checksBox(content.checks)),
      exchanges));
  node.landing = exchanges.landing || title;
  return node;
}

function neighbours(part, partNumber, index) {
  const link = (at, text) => (part.operations[at]
    ? el('a', { href: route(partNumber, part.operations[at].id), title: operationName(part.operations[at].id) }, text) : null);
  return el('span', null, link(index - 1, 'Previous'), ' ', link(index + 1, 'Next'));
}

function suiteCells(part, operation) {
  const entry = (suite) => {
    const cell = operation.cells[suite];
    if (!cell) return null;
    const outcome = cell[1] ? 'failed' : cell[0];
    return el('li', { class: className(outcome) }, el('span', { class: 'mark', 'aria-hidden': 'true' }),
      el('b', null, suite), ' ', OUTCOME_WORDS[outcome] || outcome);
  };
  return el('ul', { class: 'legend cells' }, part.suites.map(entry));
}

function coverageBox(coverage) {
  const row = (label, value) => el('div', null, el('dt', null, label), el('dd', null, value));
  return el('section', { class: 'box' }, el('h3', null, 'Exercised'),
    el('dl', { class: 'run-facts' }, row('Callers', chips(fewCallers(coverage.callers))), row('Statuses', chips(coverage.statuses)),
      row('Parameters', chips(coverage.parameters)), row('Not exercised', gapList(coverage.not_exercised))));
}

function checksBox(checks) {
  if (!checks.length) return null;
  const line = (check) => el('li', { class: className(check.outcome) },
    el('span', { class: 'mark', 'aria-hidden': 'true' }),
    el('span', null, el('code', null, check.id), ' ', el('span', { class: 'quiet' },
      [OUTCOME_WORDS[check.outcome] || check.outcome, seconds(check.seconds)].filter(Boolean).join(', ')),
    check.reason ? el('span', { class: 'reason' }, check.reason) : null));
  return lazyDetails({ class: 'box checks' }, plural(checks.length, 'check'), () => el('ul', null, checks.map(line)));
}

function exchangesSection(exchanges, findings, exchangeId) {
  const citing = new Map();
  for (const finding of findings) {
    for (const id of finding.evidence) citing.set(id, [...(citing.get(id) || []), finding]);
  }
  const list = el('div', { class: 'exchange-list' });
  const section = el('section', { class: 'exchanges', 'aria-labelledby': 'exchanges-title' },
    el('h3', { id: 'exchanges-title' }, 'Requests and responses'));
  const ordered = [...exchanges].sort((a, b) => b.cited - a.cited);
  const wanted = exchanges.find((exchange) => exchange.id === exchangeId);
  const chosen = { caller: '', suite: '' };
  const show = () => {
    const shown = ordered.filter((exchange) => (!chosen.caller || callerOf(exchange) === chosen.caller)
      && (!chosen.suite || suiteOf(exchange) === chosen.suite));
    if (wanted) shown.sort((a, b) => (b === wanted) - (a === wanted));
    const make = (exchange) => exchangeView(exchange, citing.get(exchange.id) || [],
      exchange === wanted || (!wanted && (shown.length <= 2 || exchange === shown[0])));
    const none = exchanges.length ? 'No exchange matches.' : 'No exchange is kept for this operation.';
    replace(list, shown.length ? paged(shown, make, 40, el('div')) : el('p', { class: 'quiet' }, none));
  };
  const choose = (key) => (value) => { chosen[key] = value; show(); };
  append(section, [choiceButtons('Caller', 'caller', 'everybody', exchanges, callerOf, choose('caller')),
    choiceButtons('Suite', 'suite', 'every suite', exchanges, suiteOf, choose('suite')), list]);
  show();
  section.landing = wanted ? list.querySelector('details > summary') : null;
  return section;
}

// The caller; every forgery counts as one, because the purpose tells them apart.
function callerOf(exchange) {
  return exchange.caller.startsWith('forged:') ? 'forged tokens' : exchange.caller;
}

// What an exchange was for begins with its suite: "contract/example".
function suiteOf(exchange) {
  return exchange.purpose.split('/')[0];
}

// A row of buttons, one of them pressed, for what the exchanges differ in; none where they do not.
function choiceButtons(label, key, everything, exchanges, valueOf, choose) {
  const values = [...new Set(exchanges.map(valueOf))].filter(Boolean);
  if (values.length < 2) return null;
  const group = el('div', { class: 'toggles choices', role: 'group', 'aria-label': label });
  const button = (value, text, count) => el('button', { type: 'button', class: 'toggle', [`data-${key}`]: value,
    'aria-pressed': String(value === ''), on: { click: (event) => {
      for (const other of group.children) other.setAttribute('aria-pressed', String(other === event.currentTarget));
      choose(value);
    } } }, text, el('span', { class: 'n' }, count));
  append(group, [button('', everything, exchanges.length), values.map((value) => button(value, value,
    exchanges.filter((exchange) => valueOf(exchange) === value).length))]);
  return group;
}

function exchangeView(exchange, citing, open) {
  const status = exchange.status === null ? 'none' : String(exchange.status);
  const family = exchange.status === null ? 'status-none' : `status-${status[0]}`;
  const head = [
    el('span', { class: `http ${family}` }, exchange.status === null ? 'no answer' : status),
    el('span', { class: 'call' }, el('b', null, exchange.method), ' ', el('code', null, exchange.url)),
    el('span', { class: 'about' }, el('span', { class: 'caller' }, exchange.caller),
      el('span', null, exchange.purpose), exchange.seconds === null ? null : el('span', null, seconds(exchange.seconds)),
      citing.length ? el('span', { class: 'badge ' + className(severityOf(citing[0])) }, `evidence, ${plural(citing.length, 'finding')}`) : null),
  ];
  return lazyDetails({ class: 'exchange', open, id: `x-${exchange.id}` }, head, () => exchangeBody(exchange, citing));
}

function exchangeBody(exchange, citing) {
  const request = el('section', null, el('h4', null, 'Request'), headersView(exchange.requestHeaders),
    bodyBlock(exchange.requestBody, 'Request body'));
  const response = el('section', null, el('h4', null, 'Response'), exchange.status === null
    ? el('p', { class: 'no-answer' }, exchange.reason || 'There was no answer.')
    : [headersView(exchange.responseHeaders), bodyBlock(exchange.responseBody, 'Response body')]);
  const asked = exchange.flow ? `the flow asks ${exchange.flow}; a policy makes this request of it` : '';
  const facts = [`exchange ${exchange.id}`, asked, exchange.at ? momentText(exchange.at) : '',
    exchange.attempts > 1 ? `sent ${plural(exchange.attempts, 'time')}` : ''].filter(Boolean).join(' · ');
  return el('div', { class: 'exchange-body' },
    citing.length ? el('ul', { class: 'citing' }, citing.map((finding) => el('li', null, badge(severityOf(finding)), ' ', finding.message))) : null,
    el('div', { class: exchange.requestBody === null ? 'two is-slim' : 'two' }, request, response), el('p', { class: 'quiet' }, facts));
}

function momentText(at) {
  const moment = /^[\d.]+$/.test(at) ? new Date(Number(at) * 1000) : new Date(at);
  return Number.isNaN(moment.getTime()) ? String(at) : moment.toISOString().replace('T', ' ').replace('Z', ' UTC');
}

function headersView(headers) {
  if (!headers || !headers.length) return el('p', { class: 'quiet' }, 'No headers');
  return lazyDetails({ class: 'headers' }, plural(headers.length, 'header'), () => el('dl', null,
    headers.map(([name, value]) => el('div', null, el('dt', null, name), el('dd', null, value)))));
}
