/** Loads the page's data again, soon, and never into the middle of another load: that one would be given up half-read. */
import { useFetchers, useNavigation, useRevalidator } from '@remix-run/react';
import { useCallback, useEffect, useRef, useState } from 'react';

/** Milliseconds in which several reasons cause one reload. */
const SETTLE_MS = 200;

export function useReload(): () => void {
  const { revalidate, state } = useRevalidator();
  const navigation = useNavigation();
  const fetchers = useFetchers();
  const idle = state === 'idle' && navigation.state === 'idle' && fetchers.every((fetcher) => fetcher.state === 'idle');
  const [due, setDue] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>();

  useEffect(() => () => clearTimeout(timer.current), []);

  useEffect(() => {
    if (!due || !idle) return;
    setDue(false);
    revalidate();
  }, [due, idle, revalidate]);

  return useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setDue(true), SETTLE_MS);
  }, []);
}
