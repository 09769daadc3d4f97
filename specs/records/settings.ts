import type { Context } from '../context.ts';
import type { RecordStore } from '../store.ts';

export function settings({ read, writer }: Context): Pick<RecordStore, 'setting' | 'putSetting'> {
  return {
    async setting(name) {
      const row = await read.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
      return row?.value;
    },
    putSetting: (name, value) =>
      writer.write(async (tx) => {
        await tx
          .insertInto('settings')
          .values({ name, value })
          .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
          .execute();
      }),
  };
}
