import { createElement } from 'lwc';
import discardHeld from '@salesforce/apex/SyncHealthController.discardHeld';
import getHeld from '@salesforce/apex/SyncHealthController.getHeld';
import replayHeld from '@salesforce/apex/SyncHealthController.replayHeld';
import SyncHeld from 'c/syncHeld';
import { failure, settled } from '../../../../../test/panel';

jest.mock('@salesforce/apex/SyncHealthController.getHeld', () => ({ default: jest.fn() }), {
  virtual: true
});
jest.mock('@salesforce/apex/SyncHealthController.replayHeld', () => ({ default: jest.fn() }), {
  virtual: true
});
jest.mock('@salesforce/apex/SyncHealthController.discardHeld', () => ({ default: jest.fn() }), {
  virtual: true
});

const message = (id) => ({
  id,
  queue: 'outbox',
  key: `contract ${id}`,
  error: 'STRING_TOO_LONG',
  message: 'Title is too long',
  correlation: `0199-${id}`,
  cameAt: '2026-11-27T10:00:00Z',
  heldSince: '2026-11-27T11:00:00Z',
  attempts: 8
});
const given = (ids, more = {}, commands = ['replayHeld', 'discardHeld']) =>
  JSON.stringify({
    data: {
      held: ids && { nodes: ids.map(message), hasNextPage: false, endCursor: ids.at(-1), ...more },
      viewer: { commands }
    }
  });
const result = (id, changes) => ({ id, held: {}, laterDone: 0, error: null, ...changes });
const decided = (name, ...results) => JSON.stringify({ data: { [name]: { results } } });

async function show(answer = given(['a', 'b'])) {
  getHeld.mockResolvedValue(answer);
  const element = createElement('c-sync-held', { is: SyncHeld });
  element.at = '1';
  document.body.appendChild(element);
  await settled();
  return element;
}
const all = (element, selector) => [...element.shadowRoot.querySelectorAll(selector)];
const boxes = (element) => all(element, 'li lightning-input');
const buttons = (element) => all(element, '.decide lightning-button');
const said = (element) => element.shadowRoot.querySelector('.said').textContent;

async function choose(element, place, checked = true) {
  const box = boxes(element)[place];
  box.checked = checked;
  box.dispatchEvent(new CustomEvent('change'));
  await settled();
}
async function because(element, value) {
  const input = element.shadowRoot.querySelector('.decide lightning-input');
  input.dispatchEvent(new CustomEvent('change', { detail: { value } }));
  await settled();
}
async function press(element, place) {
  buttons(element)[place].click();
  await settled();
}

describe('c-sync-held', () => {
  it('lists what is held, with what each is known by', async () => {
    const element = await show();
    expect(getHeld).toHaveBeenCalledWith({ first: 20, after: undefined });
    const [row] = all(element, 'li').map(({ textContent }) => textContent);
    expect(row).toContain('STRING_TOO_LONG · To be told to Salesforce');
    expect(row).toContain('Title is too long');
    expect(row).toContain('0199-a');
    expect(buttons(element).map(({ label }) => label)).toEqual(['Try again (0)', 'Give up (0)']);
    expect(boxes(element)[0].label).toBe('Choose STRING_TOO_LONG, contract a');
    await expect(element).toBeAccessible();
  });

  it('sends what was chosen, with why, and says what became of it', async () => {
    replayHeld.mockResolvedValue(
      decided(
        'replayHeld',
        result('a', { laterDone: 2 }),
        result('b', { held: null, error: { code: 'NOT_FOUND', message: 'it is not held' } })
      )
    );
    const element = await show();
    const acted = jest.fn();
    element.addEventListener('acted', acted);
    await choose(element, 0);
    await choose(element, 1);
    expect(buttons(element)[0]).toMatchObject({ label: 'Try again (2)', disabled: true });
    await because(element, ' the field is longer now ');
    expect(buttons(element)[0].disabled).toBe(false);
    await press(element, 0);
    expect(replayHeld).toHaveBeenCalledWith({
      ids: ['a', 'b'],
      reason: 'the field is longer now',
      key: expect.stringMatching(/^[\w-]{36}$/)
    });
    expect(said(element)).toBe(
      '1 put back into the queue · 1 of them come after later messages that are done · 1 left as they were: it is not held'
    );
    expect(acted).toHaveBeenCalledTimes(1);
    getHeld.mockResolvedValue(given([]));
    element.at = '2';
    await settled();
    expect(all(element, 'li')).toHaveLength(0);
    expect(said(element)).toContain('put back');
  });

  it('gives up, and lets one change what was chosen', async () => {
    discardHeld.mockResolvedValue(decided('discardHeld', result('b')));
    const element = await show();
    await choose(element, 0);
    await choose(element, 1);
    await choose(element, 0, false);
    await because(element, 'entered by hand');
    await press(element, 1);
    expect(discardHeld.mock.calls[0][0].ids).toEqual(['b']);
    expect(said(element)).toBe('1 given up');
  });

  it('keeps its key when the same is tried again, and takes another for another', async () => {
    replayHeld.mockRejectedValue(failure('UNAVAILABLE', 'away', 'r-9'));
    const element = await show();
    await choose(element, 0);
    await because(element, 'why');
    await press(element, 0);
    expect(element.shadowRoot.querySelector('[role="alert"]').textContent).toBe(
      'Not saved: away · Request r-9'
    );
    await press(element, 0);
    await because(element, 'another reason');
    await press(element, 0);
    const [first, second, third] = replayHeld.mock.calls.map(([{ key }]) => key);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('shows more where there is more', async () => {
    const element = await show(given(['a'], { hasNextPage: true, endCursor: 'a' }));
    getHeld.mockResolvedValue(given(['b']));
    element.shadowRoot.querySelector('.more').click();
    await settled();
    expect(getHeld).toHaveBeenLastCalledWith({ first: 20, after: 'a' });
    expect(all(element, 'li')).toHaveLength(2);
  });

  it('says that it could not be read', async () => {
    getHeld.mockRejectedValue(failure('UNAVAILABLE', 'away', 'r-9'));
    const element = createElement('c-sync-held', { is: SyncHeld });
    element.at = '1';
    document.body.appendChild(element);
    await settled();
    expect(element.shadowRoot.querySelector('[role="alert"]').textContent).toBe(
      'away · Request r-9'
    );
  });

  it('offers only what the role may do', async () => {
    const element = await show(given(['a'], {}, ['discardHeld']));
    expect(buttons(element).map(({ label }) => label)).toEqual(['Give up (0)']);
    expect(boxes(await show(given(['a'], {}, [])))).toHaveLength(0);
  });

  it.each([
    ['nothing is held', given([])],
    ['it is not for the user', given(null)]
  ])('shows nothing where %s', async (_, answer) => {
    const element = await show(answer);
    expect(all(element, 'section')).toHaveLength(0);
  });
});
