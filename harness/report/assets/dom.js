// Making elements. Data becomes text nodes and attributes only, never markup.

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (value === true) node.setAttribute(name, '');
    else node.setAttribute(name, String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false || child === '') continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

function replace(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

function plural(number, one, many) {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many || `${one}s`}`;
}

function seconds(value) {
  if (typeof value !== 'number') return '';
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`;
}

function className(word) {
  return `is-${String(word || 'none').replace(/[^a-z-]/gi, '-')}`;
}

// A long list, shown in pages: the first ones now, the rest on demand.
function paged(list, make, size, container) {
  let shown = 0;
  const button = el('button', { type: 'button', class: 'more', on: { click: () => {
    const first = next();
    if (first && first.focus) { first.setAttribute('tabindex', '-1'); first.focus(); }
  } } });
  function next() {
    const slice = list.slice(shown, shown + size).map(make);
    append(container, slice);
    shown += slice.length;
    const left = list.length - shown;
    button.hidden = left <= 0;
    button.textContent = `Show ${Math.min(left, size).toLocaleString('en')} more of ${left.toLocaleString('en')}`;
    return slice[0];
  }
  next();
  return [container, button];
}

// A section that costs nothing until it is opened.
function lazyDetails(attributes, summaryContent, build) {
  const node = el('details', attributes, el('summary', null, summaryContent));
  let built = false;
  const fill = () => {
    if (built || !node.open) return;
    built = true;
    append(node, [build()]);
  };
  node.addEventListener('toggle', fill);
  if (node.open) fill();
  node.fill = fill;
  return node;
}

function copyButton(text, what) {
  const label = `Copy ${what}`;
  const button = el('button', { type: 'button', class: 'copy', 'aria-label': label }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      const code = button.parentNode.querySelector('code');
      if (code) getSelection().selectAllChildren(code);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1600);
  });
  return button;
}

function command(label, text) {
  if (!text) return null;
  return el('div', { class: 'command' }, el('span', { class: 'label' }, label),
    el('pre', { tabindex: '0' }, el('code', null, text)), copyButton(text, label));
}
