// Bodies: JSON laid out token by token (numbers keep their digits, duplicate keys stay), the rest
// as it is; long ones folded.

const FOLD_LINES = 24;
const FOLD_CHARACTERS = 3000;
const JSON_TOKEN = /\s+|"(?:\\.|[^"\\])*"|-?\d[\d.eE+-]*|true|false|null|[{}[\]:,]/y;

// Tokens of a JSON text; `rest` is what follows a cut or an error, null where it is no JSON at all.
function jsonTokens(text) {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) return null;
  const tokens = [];
  JSON_TOKEN.lastIndex = 0;
  while (JSON_TOKEN.lastIndex < trimmed.length) {
    const start = JSON_TOKEN.lastIndex;
    const match = JSON_TOKEN.exec(trimmed);
    if (!match) return tokens.length > 3 ? { tokens, rest: trimmed.slice(start) } : null;
    if (match[0].trim()) tokens.push(match[0]);
  }
  return { tokens, rest: '' };
}

// Lines of [class, text] pairs.
function layOut({ tokens, rest }) {
  const lines = [[]];
  let depth = 0;
  const put = (kind, text) => lines[lines.length - 1].push([kind, text]);
  const newLine = () => lines.push([['', '  '.repeat(Math.max(0, depth))]]);
  tokens.forEach((token, index) => {
    const following = tokens[index + 1];
    if (token === '{' || token === '[') {
      put('', token);
      if (following === '}' || following === ']') return;
      depth += 1;
      newLine();
    } else if (token === '}' || token === ']') {
      const previous = tokens[index - 1];
      if (previous !== '{' && previous !== '[') { depth -= 1; newLine(); }
      put('', token);
    } else if (token === ',') {
      put('', ',');
      newLine();
    } else if (token === ':') put('', ': ');
    else if (token[0] === '"') put(following === ':' ? 'key' : 'string', token);
    else put('literal', token);
  });
  if (rest) put('', rest);
  return lines;
}

function codeLines(lines) {
  const code = el('code');
  lines.forEach((line, index) => {
    if (index) code.append('\n');
    for (const [kind, text] of line) {
      code.append(kind ? el('span', { class: `json-${kind}` }, text) : text);
    }
  });
  return code;
}

function bodyBlock(text, label) {
  if (text === null || text === undefined) return el('p', { class: 'quiet' }, 'No body');
  const json = jsonTokens(text);
  const lines = json ? layOut(json) : text.split('\n').map((line) => [['', line]]);
  const pre = el('pre', { class: 'body', tabindex: '0', role: 'region', 'aria-label': label });
  const long = lines.length > FOLD_LINES || text.length > FOLD_CHARACTERS;
  if (!long) {
    pre.append(codeLines(lines));
    return pre;
  }
  const short = foldedLines(lines);
  const button = el('button', { type: 'button', class: 'more', 'aria-expanded': 'false' });
  const show = (open) => {
    pre.replaceChildren(codeLines(open ? lines : short));
    button.setAttribute('aria-expanded', String(open));
    button.textContent = open ? 'Fold' : `Show all ${plural(lines.length, 'line')}, ${plural(text.length, 'character')}`;
  };
  button.addEventListener('click', () => show(button.getAttribute('aria-expanded') !== 'true'));
  show(false);
  return el('div', { class: 'folding' }, pre, button);
}

function foldedLines(lines) {
  const kept = [];
  let room = FOLD_CHARACTERS;
  for (const line of lines.slice(0, FOLD_LINES)) {
    if (room <= 0) break;
    const shortened = [];
    for (const [kind, text] of line) {
      if (room <= 0) break;
      shortened.push([kind, text.slice(0, room)]);
      room -= text.length;
    }
    kept.push(shortened);
  }
  kept.push([['', '…']]);
  return kept;
}
