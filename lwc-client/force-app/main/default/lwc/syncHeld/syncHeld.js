import { LightningElement, api } from 'lwc';
import getHeld from '@salesforce/apex/SyncHealthController.getHeld';
import replayHeld from '@salesforce/apex/SyncHealthController.replayHeld';
import discardHeld from '@salesforce/apex/SyncHealthController.discardHeld';
import { ask } from 'c/contractAnswer';
import { formatMoment, formatNumber, told } from 'c/contractFormat';
import { LABELS as COMMON, fill } from 'c/contractLabels';
import { LABELS, word } from 'c/syncLabels';

const PAGE = 20;
const COMMANDS = {
  replayHeld: { send: replayHeld, label: LABELS.heldReplay, done: LABELS.heldReplayed },
  discardHeld: { send: discardHeld, label: LABELS.heldDiscard, done: LABELS.heldDiscarded }
};

const read = (text) => JSON.parse(text).data;
const readResults = (text) => Object.values(read(text))[0].results;

/** What is held in quarantine, to be tried again or given up. Raises `acted` once that is on record. */
export default class SyncHeld extends LightningElement {
  nodes = [];
  commands = [];
  found;
  failure;
  isLoading = true;
  chosen = new Set();
  reason = '';
  said = '';
  labels = { ...LABELS, sending: COMMON.sending };

  /** When the figures beside it were read: read anew, this is, too. */
  @api
  get at() {
    return this.shownAt;
  }
  set at(value) {
    this.shownAt = value;
    this.load();
  }

  async load(after) {
    if (await ask(this, 'found', getHeld({ first: PAGE, after }), read)) {
      const nodes = this.found.held?.nodes ?? [];
      this.nodes = after ? [...this.nodes, ...nodes] : nodes;
      this.commands = this.found.viewer.commands;
      const there = new Set(this.nodes.map(({ id }) => id));
      this.chosen = new Set([...this.chosen].filter((id) => there.has(id)));
    }
  }

  get isShown() {
    return this.nodes.length > 0 || this.said || this.failure;
  }
  get rows() {
    return this.nodes.map((each) => ({
      ...each,
      title: told(each.error, word(each.queue)),
      choose: fill(LABELS.heldChoose, each.error, each.key),
      isChosen: this.chosen.has(each.id),
      facts: [
        [LABELS.heldKey, each.key],
        [LABELS.heldCame, formatMoment(each.cameAt)],
        [LABELS.heldAttempts, formatNumber(each.attempts)],
        [LABELS.heldCorrelation, each.correlation]
      ].map(([label, text]) => ({ label, text }))
    }));
  }
  get offers() {
    const count = formatNumber(this.chosen.size);
    return Object.entries(COMMANDS)
      .filter(([name]) => this.commands.includes(name))
      .map(([name, { label }]) => ({ name, label: fill(label, count) }));
  }
  get isOffered() {
    return this.nodes.length > 0 && this.offers.length > 0;
  }
  get isNotReady() {
    return this.isLoading || !this.chosen.size || !this.reason.trim();
  }
  get hasMore() {
    return Boolean(this.found?.held?.hasNextPage);
  }
  get problem() {
    const { message, requestId } = this.failure;
    const what = message ?? COMMON.unexpected;
    // What was to be decided has its key until it is on record.
    return told(
      this.key ? fill(COMMON.notSaved, what) : what,
      requestId && fill(COMMON.requestId, requestId)
    );
  }

  handleChoose({ target }) {
    const { id } = target.dataset;
    const chosen = new Set(this.chosen);
    if (target.checked) {
      chosen.add(id);
    } else {
      chosen.delete(id);
    }
    Object.assign(this, { chosen, key: undefined });
  }

  handleReason(event) {
    Object.assign(this, { reason: event.detail.value, key: undefined });
  }

  handleMore() {
    return this.load(this.found.held.endCursor);
  }

  // Tried again it has the same key: what arrived although no answer came back is not done twice.
  async handleSend({ target }) {
    const { name } = target.dataset;
    const isSame = this.sent === name;
    this.key = (isSame && this.key) || crypto.randomUUID();
    this.sent = name;
    const ids = [...this.chosen];
    const question = COMMANDS[name].send({ ids, reason: this.reason.trim(), key: this.key });
    if (await ask(this, 'results', question, readResults)) {
      this.said = this.sum(name);
      Object.assign(this, { chosen: new Set(), reason: '', key: undefined });
      this.dispatchEvent(new CustomEvent('acted'));
    }
  }

  sum(name) {
    const refused = this.results.filter(({ error }) => error);
    const late = this.results.filter(({ error, laterDone }) => !error && laterDone > 0);
    const done = this.results.length - refused.length;
    return told(
      done && fill(COMMANDS[name].done, formatNumber(done)),
      name === 'replayHeld' && late.length && fill(LABELS.heldAfter, formatNumber(late.length)),
      refused.length &&
        fill(LABELS.heldNotDone, formatNumber(refused.length), refused[0].error.message)
    );
  }
}
