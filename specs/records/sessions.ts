import { now, type Context } from '../context.ts';
import type { RecordStore } from '../store.ts';
import type { Tx } from '../tables.ts';

type Session = Parameters<RecordStore['putSession']>[0];

/** An ended session is as good as none; ended ones are cleared away when a new one begins. */
export function sessions(context: Context): Pick<RecordStore, 'putSession' | 'session' | 'deleteSession'> {
  const { read, writer } = context;
  return {
    putSession: (session) => writer.write((tx) => put(tx, session, now(context))),
    session: (tokenHash) =>
      read
        .selectFrom('sessions')
        .select(['username', 'createdAt', 'expiresAt'])
        .where('tokenHash', '=', tokenHash)
        .where('expiresAt', '>', now(context))
        .executeTakeFirst(),
    deleteSession: (tokenHash) =>
      writer.write(async (tx) => {
        await tx.deleteFrom('sessions').where('tokenHash', '=', tokenHash).execute();
      }),
  };
}

async function put(tx: Tx, { tokenHash, username, createdAt, expiresAt }: Session, at: string): Promise<void> {
  const columns = { tokenHash, username, createdAt, expiresAt };
  await tx.deleteFrom('sessions').where('expiresAt', '<=', at).execute();
  await tx
    .insertInto('sessions')
    .values(columns)
    .onConflict((conflict) => conflict.column('tokenHash').doUpdateSet(columns))
    .execute();
}
