import {
  daysUntil,
  formatDate,
  formatFromNow,
  formatMoment,
  formatMoney,
  formatNumber,
  formatPercent,
  formatPeriod,
  formatText
} from 'c/contractFormat';

describe('c/contractFormat', () => {
  it('shows cents only where there are any', () => {
    expect(formatMoney({ amount: '569320.00', currency: 'GBP' })).toBe('£569,320');
    expect(formatMoney({ amount: '0.50', currency: 'EUR' })).toBe('€0.50');
    expect(formatMoney({ amount: '58000', currency: 'JPY' })).toBe('¥58,000');
  });

  it('shows a day as the same day in every time zone', () => {
    expect(formatDate('2026-11-27')).toBe('Nov 27, 2026');
    expect(formatDate('2026-11-27T23:59:00-12:00')).toBe('Nov 27, 2026');
    expect(formatMoment('2026-11-27T05:25:12Z')).toContain('2026');
  });

  it('reads periods as ISO 8601 writes them, and others as they came', () => {
    expect(formatPeriod('P1Y')).toBe('1 year');
    expect(formatPeriod('P1Y6M')).toBe('1 year, 6 months');
    expect(formatPeriod('P2W')).toBe('2 weeks');
    expect(formatPeriod('a while')).toBe('a while');
  });

  it('counts days by the calendar', () => {
    const evening = new Date(2026, 10, 27, 23, 59);
    expect(daysUntil('2026-11-28', evening)).toBe(1);
    expect(daysUntil('2026-11-27', evening)).toBe(0);
    expect(daysUntil('2026-10-27', evening)).toBe(-31);
    expect(formatFromNow(1)).toBe('tomorrow');
  });

  it('shows numbers and percents exactly', () => {
    expect(formatNumber('99.98')).toBe('99.98');
    expect(formatPercent('12.5')).toBe('12.5%');
  });

  it('recognises money and days in a text', () => {
    expect(formatText('324520.00 GBP')).toBe('£324,520');
    expect(formatText('2030-01-20')).toBe('Jan 20, 2030');
    expect(formatText('Net 30')).toBe('Net 30');
  });
});
