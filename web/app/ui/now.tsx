/** The time for relative times: the server's at first, so that both render the same, then the browser's. */
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { ago, duration } from '../model/time.ts';

const Now = createContext(0);

export function NowProvider({ at, children }: { at: number; children: ReactNode }) {
  const [now, setNow] = useState(at);
  useEffect(() => {
    const tick = (): void => setNow(Date.now());
    tick();
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  }, []);
  return <Now.Provider value={now}>{children}</Now.Provider>;
}

export function useNow(): number {
  return useContext(Now);
}

export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={at} className="whitespace-nowrap">
      {ago(at, now)}
    </time>
  );
}

export function Elapsed({ since }: { since: string }) {
  return <span className="num whitespace-nowrap">{duration(Math.max(0, useNow() - Date.parse(since)))}</span>;
}
