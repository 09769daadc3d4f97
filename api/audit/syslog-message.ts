/** An audit entry as a message of RFC 5424. Pure. */
import type { AuditEntry } from '#schema/records';

export type SentEntry = Omit<AuditEntry, 'id'>;

/** Facility 13, "log audit". */
const FACILITY = 13;
const SEVERITIES: Record<AuditEntry['outcome'], number> = { ok: 6, refused: 4, failed: 3 };

export const priorityOf = ({ outcome }: SentEntry): number => FACILITY * 8 + SEVERITIES[outcome];

/** Printable ASCII of a header's field, `-` for nothing. */
const field = (text: string, length: number): string => text.replace(/[^\x21-\x7e]/g, '_').slice(0, length) || '-';

/** `<110>1 2026-03-01T09:00:00.000Z host sdp 4711 route.set - {"at":...}`; never a line break in it. */
export function syslogMessage(entry: SentEntry, from: { host: string; pid: number }): string {
  return `<${priorityOf(entry)}>1 ${entry.at} ${field(from.host, 255)} sdp ${from.pid} ${field(entry.action, 32)} - ${JSON.stringify(entry)}`;
}
