import { LightningElement, api } from 'lwc';
import { registerRefreshHandler, unregisterRefreshHandler } from 'lightning/refresh';
import FORM_FACTOR from '@salesforce/client/formFactor';
import getPanel from '@salesforce/apex/ContractGraphController.getPanel';
import { ask, readPanel, stateOf } from 'c/contractAnswer';
import { daysUntil, formatFromNow, formatMoment, told } from 'c/contractFormat';
import { LABELS, fill, word } from 'c/contractLabels';

const STALE = 60_000; // milliseconds after which coming back to the page asks again
const SECTIONS = ['parties', 'documents', 'amendments', 'obligations', 'serviceLevels', 'lines'];

const notice = ({ inNoticeWindow, noticeDeadline }) =>
  inNoticeWindow &&
  noticeDeadline &&
  `${LABELS.noticeTitle} ${formatFromNow(daysUntil(noticeDeadline))}`;

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
  loadedAt = 0;
  labels = LABELS;

  connectedCallback() {
    this.refreshHandler = registerRefreshHandler(this, () => this.load());
    this.handleFocus = () => {
      if (Date.now() - this.loadedAt > STALE) {
        this.load();
      }
    };
    window.addEventListener('focus', this.handleFocus);
    this.start();
  }

  disconnectedCallback() {
    unregisterRefreshHandler(this.refreshHandler);
    window.removeEventListener('focus', this.handleFocus);
  }

  start() {
    this.panel = undefined;
    this.pickedId = undefined;
    return this.load();
  }

  // What is shown stays while it is asked for anew.
  load() {
    const { recordId } = this;
    this.loadedAt = Date.now();
    return recordId ? ask(this, 'panel', getPanel({ recordId }), readPanel) : false;
  }

  get state() {
    return stateOf(this.failure, this.panel, 'EMPTY');
  }
  get contract() {
    const { contracts } = this.panel;
    return contracts.find((each) => each.id === this.pickedId) ?? contracts[0];
  }
  get access() {
    return this.panel.access;
  }
  // A list of one, so that another contract starts afresh: closed, and with nothing half said.
  get picked() {
    return [this.contract];
  }
  get renewal() {
    const { access, contract, recordId } = this;
    const may = access.may('acknowledgeRenewal');
    const said = access.said(may.command, contract);
    return contract.renewalDate && { ...may, said, recordId, contractId: contract.id };
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
      description: told(each.number && each.title, notice(each) || word(each.status))
    }));
  }
  get about() {
    const { number, type } = this.contract;
    return told(number ?? LABELS.noNumber, word(type));
  }
  get updatedText() {
    const updatedAt = this.state ? undefined : this.contract.updatedAt;
    return updatedAt && fill(LABELS.updated, formatMoment(updatedAt));
  }
  get isCompact() {
    return this.density === 'compact';
  }
  get hasPath() {
    return this.isWanted('path') && Boolean(this.contract.status);
  }
  get wanted() {
    const names = ['risk', 'renewal', 'facts'].filter((name) => this.isWanted(name));
    return Object.fromEntries(names.map((name) => [name, true]));
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
}
