// The page's data: JSON islands, read on demand.

const SEVERITIES = ['error', 'warning', 'note'];
const OUTCOME_WORDS = {
  failed: 'failed', unverified: 'not verified', waived: 'waived', skipped: 'skipped',
  passed: 'passed', '': 'not checked',
};
const EXCHANGE_COLUMNS = [
  'id', 'caller', 'purpose', 'method', 'url', 'status', 'seconds', 'reason', 'attempts', 'at',
  'cited', 'flow', 'requestHeaders', 'requestBody', 'responseHeaders', 'responseBody',
];
const WHOLE = 'whole connector';

function island(id) {
  const node = document.getElementById(id);
  return node ? JSON.parse(node.textContent) : null;
}

const summary = island('summary');
let sharedTable = null;

// A number stands for an entry of the shared table; headers are a list of them.
function sharedValue(value) {
  if (Array.isArray(value)) return value.map(sharedValue);
  if (typeof value !== 'number') return value;
  if (sharedTable === null) sharedTable = island('shared') || [];
  return sharedTable[value];
}

function readExchange(row) {
  const exchange = {};
  EXCHANGE_COLUMNS.forEach((name, index) => { exchange[name] = row[index]; });
  for (const name of EXCHANGE_COLUMNS.slice(-4)) exchange[name] = sharedValue(exchange[name]);
  return exchange;
}

function readOperation(partNumber, operationNumber) {
  const content = island(`op-${partNumber}-${operationNumber}`) || { checks: [], exchanges: [] };
  return {
    checks: content.checks.map(([id, suite, outcome, seconds, reason]) => (
      { id, suite, outcome, seconds, reason })),
    exchanges: content.exchanges.map(readExchange),
  };
}

function operationName(id) {
  return id === '' ? WHOLE : id;
}
