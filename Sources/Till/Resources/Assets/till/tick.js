// Does something again and again, one at a time; a failure waits for the next time.
export function onTick(milliseconds, work) {
  const again = async () => {
    try {
      await work();
    } catch {
      // The status bar says when the till does not answer.
    }
    setTimeout(again, milliseconds);
  };
  setTimeout(again, milliseconds);
}
