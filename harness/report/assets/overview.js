// The overview: matrix operations × suites, what was not judged, coverage, timings, waivers.

function cellView(cell, suite, name) {
  const [outcome, errors, warnings, notes, waived] = cell || ['', 0, 0, 0, 0];
  const shown = errors ? 'failed' : outcome;
  const found = [[errors, 'error'], [warnings, 'warning'], [notes, 'note'], [waived, 'waived finding']]
    .filter(([number]) => number).map(([number, word]) => plural(number, word));
  const words = [OUTCOME_WORDS[shown] || shown, ...found].join(', ');
  return el('td', { class: `cell ${className(shown)}`, title: `${name}, ${suite}: ${words}` },
    el('span', { class: 'mark', 'aria-hidden': 'true' }), el('span', { class: 'hidden' }, words),
    errors + warnings ? el('span', { class: `n ${errors ? 'is-error' : 'is-warning'}`, 'aria-hidden': 'true' }, errors || warnings) : null);
}

function urgency(operation) {
  const order = ['failed', 'unverified', 'waived'];
  const cells = Object.values(operation.cells);
  if (cells.some((cell) => cell[1])) return -1;
  const ranks = cells.map((cell) => order.indexOf(cell[0])).filter((rank) => rank >= 0);
  return ranks.length ? Math.min(...ranks) : order.length;
}

function matrixSection(part, partNumber) {
  const body = el('tbody');
  const headRow = el('tr');
  const holder = el('div', { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': 'Operations by suites' },
    el('table', { class: 'matrix' }, el('thead', null, headRow), body));
  const after = el('div');
  const section = el('section', { class: 'operations', 'aria-labelledby': 'operations-title' },
    el('h2', { id: 'operations-title' }, 'Operations'), legend(), holder, after);
  const ordered = part.operations.map((operation, index) => ({ operation, index, rank: urgency(operation) }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index).map(({ operation }) => operation);
  section.refresh = () => {
    const suites = filters.suite ? [filters.suite] : part.suites;
    const wanted = new Set(part.findings.filter(matches).map((finding) => finding.operation));
    const narrow = filters.severities.size < 4 || filters.caller;
    const rows = ordered.filter((operation) => wanted.has(operation.id)
      || (!narrow && (!filters.text || operationName(operation.id).toLowerCase().includes(filters.text))));
    replace(headRow, el('th', { scope: 'col' }, 'Operation'),
      suites.map((suite) => el('th', { scope: 'col', title: summary.questions[suite] || '' }, suite)),
      el('th', { scope: 'col', class: 'number' }, 'Calls'), el('th', { scope: 'col', class: 'number' }, 'Median'));
    body.replaceChildren();
    const [, more] = paged(rows, (operation) => matrixRow(operation, suites, partNumber), 120, body);
    replace(after, more, rows.length ? null : el('p', { class: 'quiet' }, 'No operation matches the filters.'));
    return rows.length;
  };
  return section;
}

function matrixRow(operation, suites, partNumber) {
  const name = operationName(operation.id);
  return el('tr', null,
    el('th', { scope: 'row' }, operationLink(partNumber, operation.id)),
    suites.map((suite) => cellView(operation.cells[suite], suite, name)),
    el('td', { class: 'number' }, operation.exchanges || ''),
    el('td', { class: 'number' }, operation.seconds ? seconds(operation.seconds[0]) : ''));
}

function legend() {
  const entry = (outcome) => el('li', { class: className(outcome) },
    el('span', { class: 'mark', 'aria-hidden': 'true' }), OUTCOME_WORDS[outcome]);
  return el('ul', { class: 'legend' }, ['passed', 'failed', 'unverified', 'waived', 'skipped'].map(entry));
}

function notJudgedSection(part) {
  if (!part.not_judged.length) return null;
  const line = (group) => el('li', { class: className(group.outcome) },
    el('p', null, el('span', { class: 'badge ' + className(group.outcome) }, OUTCOME_WORDS[group.outcome]),
      ' ', el('b', null, `${group.suite}, ${plural(group.count, 'check')}: `), group.reason),
    lazyDetails({}, 'Which', () => el('p', { class: 'names' }, group.of.slice(0, 300).join(', '),
      group.of.length > 300 ? ` and ${plural(group.of.length - 300, 'more')}` : '')));
  const of = (outcome) => part.not_judged.filter((group) => group.outcome === outcome);
  const list = (groups) => el('ul', { class: 'reasons' }, groups.map(line));
  const [failed, unverified, skipped] = ['failed', 'unverified', 'skipped'].map(of);
  return el('section', { class: 'not-judged' },
    failed.length ? [el('h2', null, 'Failed, without a finding'), list(failed)] : null,
    unverified.length + skipped.length ? el('h2', null, 'Not judged, and why') : null,
    unverified.length ? list(unverified) : null,
    skipped.length ? lazyDetails({ class: 'block' }, `Skipped, for ${plural(skipped.length, 'reason')}`,
      () => list(skipped)) : null);
}

function table(className_, heads, rows) {
  const body = el('tbody');
  const [, more] = paged(rows, (row) => row, 100, body);
  return el('div', null, el('div', { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': heads.join(', ') },
    el('table', { class: className_ }, el('thead', null, el('tr', null,
      heads.map((head) => el('th', { scope: 'col' }, head)))), body)), more);
}

function chips(values, empty) {
  if (!values || !values.length) return el('span', { class: 'quiet' }, empty || 'none');
  return el('span', { class: 'chips' }, values.map((value) => el('span', { class: 'chip' }, value)));
}

function coverageSection(part, partNumber) {
  const covered = part.operations.filter((operation) => operation.coverage);
  if (!covered.length) return null;
  const gaps = covered.filter((operation) => (operation.coverage.not_exercised || []).length).length;
  return lazyDetails({ class: 'block coverage' }, ['Coverage', el('small', null,
    gaps ? `${gaps} of ${plural(covered.length, 'operation')} not wholly exercised` : 'every operation wholly exercised')],
  () => table('grid', ['Operation', 'Callers', 'Statuses', 'Parameters', 'Not exercised, and why'],
    covered.map((operation) => {
      const { callers, statuses, parameters, not_exercised: missing } = operation.coverage;
      return el('tr', null, el('th', { scope: 'row' }, operationLink(partNumber, operation.id)),
        el('td', null, chips(fewCallers(callers))), el('td', null, chips(statuses)), el('td', null, chips(parameters)),
        el('td', null, gapList(missing)));
    })));
}

// Callers, all forgeries as one.
function fewCallers(callers) {
  const forged = (callers || []).filter((caller) => caller.startsWith('forged:'));
  const others = (callers || []).filter((caller) => !caller.startsWith('forged:'));
  return forged.length ? [...others, plural(forged.length, 'forged token')] : others;
}

function gapList(missing) {
  if (!missing || !missing.length) return el('span', { class: 'quiet' }, 'nothing left out');
  return el('ul', { class: 'gaps' }, missing.map((gap) => el('li', null, gap)));
}

function timingsSection(part, partNumber) {
  const timed = part.operations.filter((operation) => operation.seconds)
    .sort((a, b) => b.seconds[1] - a.seconds[1]);
  if (!timed.length) return null;
  const slowest = timed[0].seconds[1] || 1;
  const row = (operation) => {
    const [median, longest] = operation.seconds;
    const bar = el('span', { class: 'bar', 'aria-hidden': 'true' });
    const fill = el('span');
    fill.style.width = `${Math.max(1, (100 * longest) / slowest)}%`;
    const middle = el('i');
    middle.style.width = `${Math.max(1, (100 * median) / slowest)}%`;
    bar.append(fill, middle);
    return el('tr', null, el('th', { scope: 'row' }, operationLink(partNumber, operation.id)),
      el('td', { class: 'number' }, seconds(median)), el('td', { class: 'number' }, seconds(longest)),
      el('td', { class: 'wide' }, bar));
  };
  return lazyDetails({ class: 'block timings' }, ['Timings', el('small', null,
    `slowest answer ${seconds(slowest)}, of the exchanges kept in this report`)],
  () => table('grid', ['Operation', 'Median', 'Longest', 'Median and longest'], timed.map(row)));
}

function daysLeft(until) {
  const start = Date.parse(String(summary.started).slice(0, 10));
  const end = Date.parse(String(until).slice(0, 10));
  return Number.isNaN(start) || Number.isNaN(end) ? null : Math.round((end - start) / 86400000);
}

function waiversSection(part) {
  if (!part.waivers.length) return null;
  const row = (waiver) => {
    const days = daysLeft(waiver.until);
    const ended = waiver.expired || (days !== null && days < 0);
    const left = ended ? 'expired' : days === null ? '' : `${plural(days, 'day')} left`;
    const used = waiver.used ? plural(waiver.used, 'finding') : 'nothing: it may be deleted';
    return el('tr', { class: ended ? 'is-expired' : '' },
      el('th', { scope: 'row' }, el('code', null, waiver.rule)), el('td', null, waiver.operation || 'any'),
      el('td', null, waiver.match || 'any text'), el('td', null, waiver.reason),
      el('td', null, el('span', { class: 'nowrap' }, waiver.until), left ? [' ', el('span', { class: ended ? 'badge is-error' : 'quiet' }, left)] : null),
      el('td', null, used));
  };
  const used = part.waivers.filter((waiver) => waiver.used).length;
  return lazyDetails({ class: 'block waivers' }, ['Waivers', el('small', null, `${used} of ${part.waivers.length} in use`)],
    () => table('grid', ['Rule', 'Operation', 'Message contains', 'Reason', 'Until', 'Accepts'], part.waivers.map(row)));
}

function changesSection() {
  if (summary.since === null) return null;
  const lists = [['Fixed since the previous report', summary.mended],
    ['Not judged this time, so perhaps still there', summary.unjudged]].filter(([, list]) => list.length);
  return lists.map(([title, list]) => lazyDetails({ class: 'block' }, [title, el('small', null, list.length)],
    () => el('ul', { class: 'changes-list' }, list.slice(0, 500).map((finding) => el('li', null,
      badge(finding.severity), ' ', finding.message, ' ', el('span', { class: 'quiet' },
        `${operationName(finding.operation)} · ${finding.rule}`))))));
}

function factsSection(part) {
  const cut = part.cut || { left_out: 0 };
  const note = cut.left_out ? `To keep this file small, ${plural(cut.left_out, 'exchange')} that no finding cites were left out and bodies cut at ${plural(cut.bodies, 'character')}; report.json has them.` : '';
  return lazyDetails({ class: 'block' }, 'About this run', () => el('div', null,
    el('dl', { class: 'run-facts' }, part.facts.map(([label, value]) => el('div', null,
      el('dt', null, label), el('dd', null, value)))), note ? el('p', { class: 'quiet' }, note) : null));
}
