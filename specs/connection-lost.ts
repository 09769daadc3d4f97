import { SdpError } from '#schema/errors';

/** The database cannot be reached or broke off. What ran on the connection was taken back, unless it was a commit. */
export class ConnectionLost extends SdpError {
  constructor(message: string, hint: string, cause?: unknown) {
    super('unavailable', message, { hint, cause });
  }
}
