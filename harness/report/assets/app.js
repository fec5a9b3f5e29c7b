// Start and navigation: #/ is the overview, #/op/<part>/<operation>/<exchange> one operation.

const content = document.getElementById('content');
const staticParts = [...document.querySelectorAll('section.verdict, section.notes, section.connectors')];
const suiteSections = [...document.querySelectorAll('section.suites[data-part]')];
let partNumber = 0;
let overview = null;

function route(part, operation, exchange) {
  const tail = exchange ? `/${encodeURIComponent(exchange)}` : '';
  return `#/op/${part}/${operation === '' ? '-' : `=${encodeURIComponent(operation)}`}${tail}`;
}

function readRoute() {
  const [, kind, part, operation, exchange] = location.hash.split('/');
  if (kind !== 'op' || !operation) return null;
  try {
    const id = operation === '-' ? '' : decodeURIComponent(operation.slice(1));
    return { part: Number(part), operation: id, exchange: exchange ? decodeURIComponent(exchange) : '' };
  } catch {
    return null;
  }
}

function makeOverview() {
  const part = summary.parts[partNumber];
  const findings = findingsSection(part, partNumber);
  const matrix = matrixSection(part, partNumber);
  const refresh = () => {
    const found = findings.refresh();
    const rows = matrix.refresh();
    bar.say(filtersAreOn() ? `${found} of ${plural(part.findings.length, 'finding')}, ${rows} of ${plural(part.operations.length, 'row')}` : '');
  };
  const bar = filterBar(part, refresh);
  refresh();
  const node = el('div', { class: 'overview' }, partChooser(), part.findings.length || part.operations.length ? bar : null,
    findings, notJudgedSection(part), part.operations.length ? matrix : null,
    el('div', { class: 'blocks' }, changesSection(), coverageSection(part, partNumber), timingsSection(part, partNumber),
      waiversSection(part), factsSection(part)));
  return node;
}

function partChooser() {
  if (summary.parts.length < 2) return null;
  const select = el('select', { id: 'part' }, summary.parts.map((part, index) => el('option', { value: index },
    `${part.name || part.title} (${part.verdict})`)));
  select.value = String(partNumber);
  select.addEventListener('change', () => {
    partNumber = Number(select.value);
    overview = null;
    render();
    document.getElementById('part').focus();
  });
  return el('div', { class: 'field part' }, el('label', { for: 'part' }, 'Connector'), select);
}

let overviewScroll = 0;

function render() {
  const wanted = readRoute();
  const part = wanted && summary.parts[wanted.part];
  const index = part ? part.operations.findIndex((operation) => operation.id === wanted.operation) : -1;
  const showOverview = index < 0;
  document.body.classList.toggle('on-operation', !showOverview);
  for (const node of staticParts) node.hidden = !showOverview;
  for (const node of suiteSections) {
    node.hidden = !showOverview || Number(node.dataset.part) !== partNumber;
  }
  if (showOverview) {
    overview = overview || makeOverview();
    replace(content, overview);
    return null;
  }
  if (wanted.part !== partNumber) {
    partNumber = wanted.part;
    overview = null;
  }
  const page = operationPage(part, wanted.part, part.operations[index], index, wanted.exchange);
  replace(content, page);
  return page.landing;
}

addEventListener('hashchange', (event) => {
  if (!new URL(event.oldURL).hash.startsWith('#/op/')) overviewScroll = scrollY;
  const landing = render();
  if (landing) {
    scrollTo(0, 0);
    landing.focus({ preventScroll: false });
  } else scrollTo(0, overviewScroll);
});

document.querySelector('a.skip').addEventListener('click', (event) => {
  event.preventDefault();
  content.focus();
});

document.documentElement.classList.add('with-script');
render();
