package platform

import _ "unsafe"
