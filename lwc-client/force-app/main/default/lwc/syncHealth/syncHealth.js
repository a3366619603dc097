import { LightningElement } from 'lwc';
import LOCALE from '@salesforce/i18n/locale';
import { registerRefreshHandler, unregisterRefreshHandler } from 'lightning/refresh';
import getSyncHealth from '@salesforce/apex/SyncHealthController.getSyncHealth';
import { ask } from 'c/contractAnswer';
import { formatMoment, formatNumber, formatPercent, known, told } from 'c/contractFormat';
import { LABELS as COMMON, fill } from 'c/contractLabels';
import { LABELS, word } from 'c/syncLabels';

const WINDOWS = [15, 60, 360, 1440];
const UNITS = [
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
  ['millisecond', 0]
];
const LATE = 15 * 60_000; // from when on operators are alerted of it, too
const SCARCE = 0.1;

function duration(ms) {
  const [unit, least] = UNITS.find(([, each]) => ms >= each);
  const options = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 };
  return new Intl.NumberFormat(LOCALE, options).format(ms / (least || 1));
}

// Facts that there are; of each its label, its text and whether it wants somebody's eye.
const facts = (...pairs) =>
  pairs
    .filter(([, text]) => known(text))
    .map(([label, text, isUrgent]) => ({ label, text, kind: isUrgent ? 'urgent' : 'fact' }));

const latency = (ms) => (known(ms) ? duration(ms) : undefined);
const moment = (iso) => iso && formatMoment(iso);
const unlessNone = (label, number, isUrgent) => [
  label,
  number ? formatNumber(number) : undefined,
  isUrgent
];
const count = (label, number) => [label, formatNumber(number), number > 0];

const passage = (each) => ({
  title: told(word(each.direction), each.object),
  facts: facts(
    [LABELS.done, formatNumber(each.done)],
    [LABELS.perMinute, formatNumber(each.perMinute)],
    [LABELS.half, latency(each.latencyP50Ms)],
    [LABELS.nearlyAll, latency(each.latencyP99Ms), each.latencyP99Ms >= LATE],
    [LABELS.failures, formatPercent(each.failureRate * 100), each.failureRate > SCARCE],
    unlessNone(LABELS.putOff, each.putOff),
    unlessNone(LABELS.held, each.held, true),
    unlessNone(LABELS.accepted, each.accepted),
    unlessNone(LABELS.refused, each.refused),
    unlessNone(LABELS.conflicts, each.conflicts, true)
  )
});
const waiting = (each) => ({
  title: word(each.queue),
  facts: facts(
    [LABELS.waiting, formatNumber(each.waiting)],
    [LABELS.lanes, formatNumber(each.lanes)],
    [LABELS.since, moment(each.oldest)]
  )
});
const quarantined = (each) => ({
  title: told(each.error, word(each.queue)),
  facts: facts([LABELS.messages, formatNumber(each.count)], [LABELS.since, moment(each.since)])
});
const replay = (each) => ({
  title: each.object,
  facts: facts([LABELS.position, each.position], [LABELS.at, moment(each.at)])
});
const drifted = (each) => ({
  title: each.object,
  facts: facts(count(LABELS.values, each.count), [LABELS.at, moment(each.at)])
});

const read = (text) => JSON.parse(text).data;

/** How the sync of contracts goes, for administrators: what went across, what waits, and what is held. */
export default class SyncHealth extends LightningElement {
  minutes = 60;
  answer;
  failure;
  isLoading = true;
  labels = { ...LABELS, refresh: COMMON.refresh };

  windows = WINDOWS.map((minutes) => ({
    value: String(minutes),
    label: duration(minutes * 60_000)
  }));

  connectedCallback() {
    this.refreshHandler = registerRefreshHandler(this, () => this.load());
    this.load();
  }

  disconnectedCallback() {
    unregisterRefreshHandler(this.refreshHandler);
  }

  load() {
    return ask(this, 'answer', getSyncHealth({ minutes: this.minutes }), read);
  }

  get window() {
    return String(this.minutes);
  }
  get health() {
    return this.answer?.syncHealth;
  }
  get state() {
    return this.answer && !this.failure ? undefined : (this.failure?.kind ?? 'LOADING');
  }
  get standing() {
    const { held, oldest, salesforce, at } = this.health;
    const age = oldest && Date.parse(at) - Date.parse(oldest);
    const { limitLeft, limitAllowed, breakerOpen } = salesforce ?? {};
    const left =
      known(limitLeft) &&
      fill(LABELS.leftOf, formatNumber(limitLeft), formatNumber(limitAllowed ?? limitLeft));
    return facts(
      count(LABELS.held, held),
      [LABELS.oldest, oldest ? duration(age) : LABELS.nothing, age >= LATE],
      [
        LABELS.salesforce,
        salesforce ? (breakerOpen ? LABELS.leftAlone : LABELS.answers) : LABELS.neverWritten,
        breakerOpen
      ],
      [LABELS.callsLeft, left || undefined, limitLeft < limitAllowed * SCARCE]
    );
  }
  get sections() {
    const { passages, backlog, quarantine, replays, drift } = this.health;
    const of = (title, rows, show, none) => ({
      title,
      none,
      rows: rows.map((each, key) => ({ key, ...show(each) })),
      isEmpty: rows.length === 0
    });
    return [
      of(LABELS.passages, passages, passage, LABELS.noPassages),
      of(LABELS.backlog, backlog, waiting, LABELS.noBacklog),
      of(LABELS.quarantine, quarantine, quarantined, LABELS.noQuarantine),
      of(LABELS.replays, replays, replay),
      of(LABELS.drift, drift, drifted)
    ].filter(({ isEmpty, none }) => !isEmpty || none);
  }
  get updated() {
    return fill(LABELS.asOf, formatMoment(this.health.at));
  }

  handleWindow(event) {
    this.minutes = Number(event.detail.value);
    this.load();
  }
}
