import { SdpError } from '#schema/errors';
import { ConnectionLost } from '../connection-lost.ts';

/** The server ends or refuses connections: shutdown, crash, start, idle in a transaction for too long, too many. */
const LOST = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '53300', 'ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
/** What node-postgres says without a code. */
const LOST_WORDS = /Connection terminated|connection error|timeout expired|Query read timeout|timeout exceeded when trying to connect|Client was closed|server closed/i;
/** What TLS reports of a certificate, by Node's codes. */
const UNTRUSTED = /^(?:CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET|VERIFY)_|HOSTNAME_MISMATCH|EPROTO$)/;
const REFUSED = new Set(['28000', '28P01', '3D000', '42501']);

/** What PostgreSQL or its driver reports, as people can act on it. @param name of the database, without a password */
export function postgresError(thrown: unknown, name: string): SdpError {
  if (thrown instanceof SdpError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (LOST.has(code) || code.startsWith('08') || (code === '' && LOST_WORDS.test(message))) {
    return new ConnectionLost(
      `The PostgreSQL database ${name} does not answer (${code === '' ? message : code}).`,
      'Check that it runs and can be reached from here; SDP connects again by itself.',
      thrown,
    );
  }
  if (UNTRUSTED.test(code)) {
    return new SdpError('unavailable', `The certificate of the PostgreSQL database ${name} is not trusted: ${message} (${code}).`, {
      hint: 'Give the authority that issued it as sslrootcert=FILE in SDP_STORE, and the host by the name that stands in the certificate.',
      cause: thrown,
    });
  }
  if (/does not support SSL/.test(message)) {
    return new SdpError('unavailable', `The PostgreSQL database ${name} does not offer TLS.`, {
      hint: 'Switch it on there (ssl = on), or write sslmode=disable into SDP_STORE if the way to it is safe.',
      cause: thrown,
    });
  }
  if (code === '53100') {
    return new SdpError('disk_full', `The disk of the PostgreSQL database ${name} is full; the write was not done.`, {
      hint: 'Free some space there, then try again. Nothing that was saved is lost.',
      cause: thrown,
    });
  }
  if (REFUSED.has(code)) {
    return new SdpError('unavailable', `The PostgreSQL database ${name} refuses SDP: ${message}.`, {
      hint: refusedHint(code, message),
      cause: thrown,
    });
  }
  if (code.startsWith('XX')) {
    return new SdpError('unavailable', `The PostgreSQL database ${name} is damaged (${code}): ${message}.`, {
      hint: "See PostgreSQL's log, and restore a backup.",
      cause: thrown,
    });
  }
  if (code === '55P03' || code === '40P01') {
    return new SdpError('unavailable', `The PostgreSQL database ${name} is locked by another session.`, {
      hint: 'Look for long transactions in pg_stat_activity, then try again.',
      cause: thrown,
    });
  }
  if (code === '22021' || code === '22P05') {
    return new SdpError('invalid_request', 'A text holds a character that PostgreSQL cannot keep, such as NUL.', { hint: 'Remove it.', cause: thrown });
  }
  if (code.startsWith('53') || code === '57014') {
    return new SdpError('unavailable', `The PostgreSQL database ${name} could not do it now (${code}): ${message}.`, { hint: 'Try again.', cause: thrown });
  }
  return new SdpError('internal', `The PostgreSQL database ${name} refused a statement (${code}): ${message}`, { cause: thrown });
}

function refusedHint(code: string, message: string): string {
  if (code === '42501') return 'Make the role of SDP the owner of the database.';
  if (message.includes('no encryption')) return 'It takes TLS only, or does not know this host: add sslmode=verify-full to SDP_STORE.';
  return 'Check user, password and database of SDP_STORE.';
}
