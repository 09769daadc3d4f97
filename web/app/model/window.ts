/** Which rows of a long list are in sight. Pure. */
export interface RowWindow {
  /** First row to render. */
  from: number;
  /** One after the last row. */
  to: number;
}

/** Rows rendered beyond either edge, so that scrolling shows no blank. */
const OVERSCAN = 24;

export function rowsInSight(count: number, rowHeight: number, scrollTop: number, height: number): RowWindow {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const shown = Math.ceil(height / rowHeight);
  const from = Math.max(0, Math.min(first - OVERSCAN, count - shown - OVERSCAN));
  return { from, to: Math.min(count, Math.max(first, from) + shown + OVERSCAN) };
}
