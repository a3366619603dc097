import { LightningElement, api } from 'lwc';
import { registerRefreshHandler, unregisterRefreshHandler } from 'lightning/refresh';
import FORM_FACTOR from '@salesforce/client/formFactor';
import getPanel from '@salesforce/apex/ContractGraphController.getPanel';
import { readFailure, readPanel } from 'c/contractAnswer';
import { daysUntil, formatFromNow, formatMoment } from 'c/contractFormat';
import { LABELS, fill, word } from 'c/contractLabels';

const STALE = 60_000; // milliseconds after which coming back to the page asks again
const SECTIONS = ['parties', 'documents', 'amendments', 'obligations', 'serviceLevels', 'lines'];

/** The contracts of an opportunity or account: one request, then everything about the one that was picked. */
export default class ContractPanel extends LightningElement {
  /** Record of the page. */
  @api get recordId() {
    return this._recordId;
  }
  set recordId(value) {
    const changed = value !== this._recordId;
    this._recordId = value;
    if (changed && this.isConnected) {
      this.start();
    }
  }
  /** `full`, or `compact`: the renewal and the first facts only. */
  @api density = 'full';
  /** Which parts are shown; each is, unless the page says false. */
  @api showPath;
  @api showRisk;
  @api showRenewal;
  @api showFacts;
  @api showParties;
  @api showDocuments;
  @api showAmendments;
  @api showObligations;
  @api showServiceLevels;
  @api showLines;

  _recordId;
  panel;
  failure;
  isLoading = true;
  pickedId;
  asked = 0;
  loadedAt = 0;
  labels = LABELS;

  connectedCallback() {
    this.refreshHandler = registerRefreshHandler(this, () => this.load());
    this.handleFocus = () => {
      if (document.visibilityState === 'visible' && Date.now() - this.loadedAt > STALE) {
        this.load();
      }
    };
    window.addEventListener('focus', this.handleFocus);
    document.addEventListener('visibilitychange', this.handleFocus);
    this.start();
  }

  disconnectedCallback() {
    unregisterRefreshHandler(this.refreshHandler);
    window.removeEventListener('focus', this.handleFocus);
    document.removeEventListener('visibilitychange', this.handleFocus);
  }

  start() {
    this.panel = undefined;
    this.pickedId = undefined;
    return this.load();
  }

  // Of two answers under way the later question counts. What is shown stays while it is asked for anew.
  async load() {
    if (!this.recordId) {
      return false;
    }
    const asked = ++this.asked;
    this.isLoading = true;
    this.loadedAt = Date.now();
    let panel, failure;
    try {
      panel = readPanel(await getPanel({ recordId: this.recordId }));
    } catch (error) {
      failure = readFailure(error);
    }
    if (asked === this.asked) {
      this.panel = panel;
      this.failure = failure;
      this.isLoading = false;
    }
    return !failure;
  }

  get state() {
    if (this.failure) {
      return this.failure.kind;
    }
    if (!this.panel) {
      return 'LOADING';
    }
    if (!this.panel.contracts.length) {
      return this.panel.isThere ? 'EMPTY' : 'NO_ACCESS';
    }
    return undefined;
  }
  get failureMessage() {
    return this.failure?.message;
  }
  get requestId() {
    return this.failure?.requestId;
  }
  get contract() {
    const { contracts } = this.panel;
    return contracts.find((each) => each.id === this.pickedId) ?? contracts[0];
  }
  get access() {
    return this.panel.access;
  }
  get hasPicker() {
    return this.panel.contracts.length > 1;
  }
  get pickerHelp() {
    const { contracts, total } = this.panel;
    return total > contracts.length
      ? fill(LABELS.someContracts, contracts.length, total)
      : fill(LABELS.contractCount, total);
  }
  get options() {
    return this.panel.contracts.map((each) => ({
      value: each.id,
      label: each.number ?? each.title,
      description: [each.number && each.title, this.notice(each) ?? word(each.status)]
        .filter(Boolean)
        .join(' · ')
    }));
  }
  notice({ inNoticeWindow, noticeDeadline }) {
    return inNoticeWindow && noticeDeadline
      ? `${LABELS.noticeTitle} ${formatFromNow(daysUntil(noticeDeadline))}`
      : undefined;
  }
  get about() {
    const { number, type } = this.contract;
    return [number ?? LABELS.noNumber, word(type)].filter(Boolean).join(' · ');
  }
  get updatedText() {
    const updatedAt = this.state ? undefined : this.contract.updatedAt;
    return updatedAt && fill(LABELS.updated, formatMoment(updatedAt));
  }
  get isCompact() {
    return this.density === 'compact';
  }
  get hasPath() {
    return this.showPath !== false && Boolean(this.contract.status);
  }
  get hasRisk() {
    return this.showRisk !== false;
  }
  get hasRenewal() {
    return this.showRenewal !== false;
  }
  get hasFacts() {
    return this.showFacts !== false;
  }
  get sections() {
    const shown = this.isCompact ? [] : SECTIONS.filter((name) => this.isWanted(name));
    return shown.map((name, place) => ({
      name,
      label: LABELS[name],
      list: this.contract[name],
      items: this.contract[name]?.nodes ?? [],
      access: this.access.of(`Contract.${name}`, this.contract[name]),
      open: FORM_FACTOR !== 'Small' && place < 2,
      [name]: true
    }));
  }
  isWanted(name) {
    return this[`show${name[0].toUpperCase()}${name.slice(1)}`] !== false;
  }

  handlePick(event) {
    this.pickedId = event.detail.value;
  }

  handleRefresh() {
    this.load();
  }
}
