// Values as the user reads them: every number, date and currency in the user's locale.
import LOCALE from '@salesforce/i18n/locale';

const DAY = 24 * 60 * 60 * 1000;
const PERIOD = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?$/;
const UNITS = ['year', 'month', 'week', 'day'];
const MONEY = /^(-?\d+(?:\.\d+)?) ([A-Z]{3})$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

const formatters = new Map();
function formatter(kind, options) {
  const key = kind + JSON.stringify(options);
  if (!formatters.has(key)) {
    formatters.set(key, new Intl[kind](LOCALE, options));
  }
  return formatters.get(key);
}

const number = (value, options) => formatter('NumberFormat', options).format(value);

export const formatNumber = (value) => number(value, { maximumFractionDigits: 6 });

export const formatPercent = (value) =>
  number(value / 100, { style: 'percent', maximumFractionDigits: 2 });

// Cents are shown where there are any: a value of a contract is exact.
export function formatMoney({ amount, currency }) {
  const whole = Number(amount) % 1 === 0;
  const options = { style: 'currency', currency };
  return number(amount, whole ? { ...options, maximumFractionDigits: 0 } : options);
}

// A day is the same day in every time zone.
export const formatDate = (iso) =>
  formatter('DateTimeFormat', { dateStyle: 'medium', timeZone: 'UTC' }).format(
    new Date(iso.slice(0, 10))
  );

export const formatMoment = (iso) =>
  formatter('DateTimeFormat', { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));

// P1Y6M: "1 year, 6 months".
export function formatPeriod(iso) {
  const parts = PERIOD.exec(iso);
  if (!parts) {
    return iso;
  }
  return UNITS.map((unit, place) => [unit, parts[place + 1]])
    .filter(([, many]) => many)
    .map(([unit, many]) => number(many, { style: 'unit', unit, unitDisplay: 'long' }))
    .join(', ');
}

// Days from today on, as the user's calendar has it; negative once past.
export function daysUntil(iso, now = new Date()) {
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  return Math.round((Date.parse(iso.slice(0, 10)) - today) / DAY);
}

// Facts in one line, of those that there are.
export const told = (...facts) => facts.filter(Boolean).join(' · ');

export const known = (value) => value !== null && value !== undefined;

export const byRank = (rank) => (one, other) => (rank(one) < rank(other) ? -1 : 1);

// An order of items: the latest by a field first, those without a value last.
export const byLatest = (field) => (one, other) => byRank((each) => each[field] ?? '')(other, one);

export const formatFromNow = (days) =>
  formatter('RelativeTimeFormat', { numeric: 'auto' }).format(days, 'day');

// A value that came as text, as in a history: money, a day, or words.
export function formatText(text) {
  const money = MONEY.exec(text);
  if (money) {
    return formatMoney({ amount: money[1], currency: money[2] });
  }
  return DATE.test(text) ? formatDate(text) : text;
}
