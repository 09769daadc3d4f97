export function Logo({ className = 'size-7' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={className}>
      <rect width="32" height="32" rx="8" className="fill-accent-solid" />
      <path
        d="M16 6.500 24.500 11v10L16 25.500 7.500 21V11z"
        fill="none"
        stroke="#fff"
        strokeWidth="2"
        strokeLinejoin="round"
        opacity=".5"
      />
      <path
        d="M7.500 11 16 15.500 24.500 11M16 15.500v10"
        fill="none"
        stroke="#fff"
        strokeWidth="2"
        strokeLinejoin="round"
      />
    </svg>
  );
}
