#include "textflag.h"

// func ID() uintptr
TEXT ·ID(SB), NOSPLIT, $0-8
	MOVQ (TLS), AX // the g of this thread, as the runtime's own code finds it
	MOVQ AX, ret+0(FP)
	RET
