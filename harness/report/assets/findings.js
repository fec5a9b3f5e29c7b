// Findings: cards, filters, and what changed since the previous report.

const GROUP_FROM = 4;

const filters = { text: '', severities: new Set(['error', 'warning', 'note', 'waived']), suite: '', caller: '' };

function severityOf(finding) {
  return finding.waived ? 'waived' : finding.severity;
}

function matches(finding) {
  if (!filters.severities.has(severityOf(finding))) return false;
  if (filters.suite && finding.suite !== filters.suite) return false;
  if (filters.caller && finding.caller !== filters.caller) return false;
  return !filters.text || findingText(finding).includes(filters.text);
}

function findingText(finding) {
  if (finding.searchable === undefined) {
    finding.searchable = [finding.rule, operationName(finding.operation), finding.caller,
      finding.message, finding.expected, finding.observed, finding.remedy, finding.place]
      .join('\n').toLowerCase();
  }
  return finding.searchable;
}

function filtersAreOn() {
  return Boolean(filters.text || filters.suite || filters.caller || filters.severities.size < 4);
}

function badge(word) {
  return el('span', { class: `badge ${className(word)}` }, word);
}

function findingCard(finding, partNumber, { open = false, alone = false } = {}) {
  const about = [
    finding.caller ? el('span', null, `called as ${finding.caller}`) : null,
    el('code', { class: 'rule' }, finding.rule),
  ].filter(Boolean);
  const head = [
    el('span', { class: 'line' }, badge(severityOf(finding)),
      finding.fresh === true ? el('span', { class: 'badge is-new' }, 'new') : null,
      el('span', { class: 'message' }, finding.message)),
  ];
  head.push(el('span', { class: 'about' }, about));
  const details = lazyDetails({ open }, head, () => findingBody(finding, partNumber));
  const card = el('article', { class: `finding ${className(severityOf(finding))}` }, details);
  if (alone) return card;
  card.classList.add('has-link');
  card.style.setProperty('--reserve', `${Math.min(28, operationName(finding.operation).length) + 4}ch`);
  card.append(operationLink(partNumber, finding.operation));
  return card;
}

function findingBody(finding, partNumber) {
  const fact = (label, value, kind) => (value
    ? el('div', { class: `fact ${kind || ''}` }, el('dt', null, label), el('dd', null, value)) : null);
  const links = finding.evidence.map((id) => el('a', {
    class: 'evidence', href: route(partNumber, finding.operation, id) }, id));
  const where = finding.place && el('span', null, el('code', null, finding.place),
    finding.pointer ? el('code', { class: 'pointer' }, finding.pointer) : null);
  return el('div', { class: 'finding-body' },
    el('dl', { class: 'facts' }, fact('Expected', finding.expected), fact('Observed', finding.observed),
      fact('How to fix', finding.remedy, 'remedy'), fact('Why it matters', finding.why), fact('Defined at', where),
      links.length ? fact('Seen in', el('span', null, links)) : null),
    command('See it again', finding.rerun), command('By hand', finding.curl));
}

function operationLink(partNumber, id) {
  return el('a', { href: route(partNumber, id) }, operationName(id));
}

function findingsSection(part, partNumber) {
  const section = el('section', { class: 'findings', 'aria-labelledby': 'findings-title' },
    el('h2', { id: 'findings-title' }, 'Findings'));
  const list = el('div', { class: 'finding-list' });
  section.append(list);
  section.refresh = () => {
    const found = part.findings.filter(matches);
    const units = grouped(found);
    const container = el('div');
    const nothing = part.findings.length ? 'No finding matches the filters.' : 'Nothing was found to be wrong.';
    replace(list, found.length
      ? paged(units, (unit) => (unit.length > 1 ? findingGroup(unit, partNumber)
        : findingCard(unit[0], partNumber, { open: found.length <= 4 || unit[0] === found[0] })), 50, container)
      : el('p', { class: 'quiet' }, nothing),
    part.findings_left_out ? el('p', { class: 'quiet' },
      `${plural(part.findings_left_out, 'more finding')} in report.json.`) : null);
    return found.length;
  };
  return section;
}

// Findings in order; many of one rule in a row become one unit.
function grouped(findings) {
  const sameKind = (a, b) => a.rule === b.rule && severityOf(a) === severityOf(b);
  const runs = [];
  for (const finding of findings) {
    const last = runs[runs.length - 1];
    if (last && sameKind(last[0], finding)) last.push(finding);
    else runs.push([finding]);
  }
  return runs.flatMap((run) => (run.length >= GROUP_FROM ? [run] : run.map((finding) => [finding])));
}

function findingGroup(findings, partNumber) {
  const operations = new Set(findings.map((finding) => finding.operation)).size;
  const fresh = findings.filter((finding) => finding.fresh === true).length;
  const head = [
    el('span', { class: 'line' }, badge(severityOf(findings[0])),
      fresh ? el('span', { class: 'badge is-new' }, `${fresh} new`) : null,
      el('span', { class: 'message' }, findings[0].title || findings[0].message)),
    el('span', { class: 'about' }, el('span', null, `${plural(findings.length, 'finding')} in ${plural(operations, 'operation')}`),
      el('code', { class: 'rule' }, findings[0].rule)),
  ];
  const details = lazyDetails({}, head, () => el('div', { class: 'group' },
    paged(findings, (finding) => findingCard(finding, partNumber), 50, el('div'))));
  return el('article', { class: `finding ${className(severityOf(findings[0]))}` }, details);
}

function filterBar(part, onChange) {
  const options = (values, every) => [el('option', { value: '' }, every),
    values.map((value) => el('option', { value }, value))];
  const callers = [...new Set(part.findings.map((finding) => finding.caller).filter(Boolean))].sort();
  const search = el('input', { type: 'search', id: 'filter-text', placeholder: 'Operation, rule, text',
    autocomplete: 'off', spellcheck: 'false', value: filters.text });
  search.addEventListener('input', () => { filters.text = search.value.trim().toLowerCase(); onChange(); });
  const choice = (id, key, values, every) => {
    const select = el('select', { id }, options(values, every));
    select.value = filters[key];
    if (select.selectedIndex < 0) { filters[key] = ''; select.value = ''; }
    select.addEventListener('change', () => { filters[key] = select.value; onChange(); });
    return select;
  };
  const toggle = (severity) => {
    const count = part.findings.filter((finding) => severityOf(finding) === severity).length;
    const button = el('button', { type: 'button', class: `toggle ${className(severity)}`,
      'data-severity': severity, 'aria-pressed': String(filters.severities.has(severity)) },
    severity, el('span', { class: 'n' }, count));
    button.addEventListener('click', () => {
      const on = !filters.severities.has(severity);
      if (on) filters.severities.add(severity); else filters.severities.delete(severity);
      button.setAttribute('aria-pressed', String(on));
      onChange();
    });
    return button;
  };
  const status = el('p', { class: 'status', role: 'status' });
  const bar = el('form', { class: 'filters', role: 'search', 'aria-label': 'Filter findings and operations' },
    el('div', { class: 'field grow' }, el('label', { for: 'filter-text' }, 'Search'), search),
    el('div', { class: 'field' }, el('label', { for: 'filter-suite' }, 'Suite'),
      choice('filter-suite', 'suite', part.suites, 'All suites')),
    el('div', { class: 'field' }, el('label', { for: 'filter-caller' }, 'Caller'),
      choice('filter-caller', 'caller', callers, 'All callers')),
    el('div', { class: 'field', role: 'group', 'aria-label': 'Severity' },
      el('span', { class: 'label' }, 'Severity'),
      el('div', { class: 'toggles' }, [...SEVERITIES, 'waived'].map(toggle))), status);
  bar.addEventListener('submit', (event) => event.preventDefault());
  bar.say = (text) => { status.textContent = text; };
  return bar;
}
