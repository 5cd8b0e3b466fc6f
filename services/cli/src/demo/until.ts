const everyMs = 50;

/** Asks until the answer is good, or the time is over: then the last answer, whatever it is. */
export async function until<T>(
  ask: () => T | Promise<T>,
  isGood: (answer: T) => boolean,
  withinMs = 15_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (isGood(answer) || performance.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
