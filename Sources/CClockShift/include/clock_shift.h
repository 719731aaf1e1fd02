#pragma once
// Preloaded into a program (LD_PRELOAD), it shifts the wall clock the program sees by CLOCK_SHIFT_SECONDS.
// Monotonic clocks and timers are left alone, so that timers of Swift's runtime keep working; libfaketime's do not.
