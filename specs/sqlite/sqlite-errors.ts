import { SdpError } from '#schema/errors';

/** What SQLite or the file system reports, as people can act on it. Messages of SQLite name columns, never values. */
export function sqliteError(thrown: unknown, file: string): SdpError {
  if (thrown instanceof SdpError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const is = (...prefixes: string[]): boolean => prefixes.some((prefix) => code.startsWith(prefix));
  if (is('SQLITE_FULL', 'ENOSPC', 'EDQUOT')) {
    return new SdpError('disk_full', `The disk that holds the database ${file} is full; the write was not done.`, {
      hint: 'Free some space, then try again. Nothing that was saved is lost.',
      cause: thrown,
    });
  }
  if (is('SQLITE_NOTADB', 'SQLITE_CORRUPT', 'SQLITE_FORMAT')) {
    return new SdpError('unavailable', `The file ${file} is damaged or is not a database of SDP (${code}).`, {
      hint: 'Restore it from a backup, or move it away to begin with an empty one.',
      cause: thrown,
    });
  }
  if (
    is(
      'SQLITE_READONLY',
      'SQLITE_CANTOPEN',
      'SQLITE_PERM',
      'EACCES',
      'EPERM',
      'EROFS',
      'ENOTDIR',
      'EISDIR',
      'EEXIST',
      'ENOENT',
    )
  ) {
    return new SdpError('unavailable', `The database ${file} cannot be opened or written (${code}).`, {
      hint: 'Check that the path is right and that SDP may write the file and its folder.',
      cause: thrown,
    });
  }
  if (is('SQLITE_BUSY', 'SQLITE_LOCKED')) {
    return new SdpError('unavailable', `The database ${file} is locked by another process.`, {
      hint: 'Stop the other process that uses it, or try again.',
      cause: thrown,
    });
  }
  if (is('SQLITE_IOERR')) {
    return new SdpError('unavailable', `The disk that holds the database ${file} reports an error (${code}).`, {
      hint: 'Check the disk and the messages of the kernel.',
      cause: thrown,
    });
  }
  return new SdpError('internal', `The database ${file} refused a statement: ${message}`, { cause: thrown });
}
