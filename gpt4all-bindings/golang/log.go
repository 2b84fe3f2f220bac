package gpt4all

// #include "shim.h"
import "C"

import (
	"fmt"
	"sync"
)

var logging struct {
	sync.RWMutex
	level LogLevel
	log   func(level LogLevel, message string)
}

// SetLog sends every message of the library and of this package up to a level, for all models of the process, to a
// function, which may be called from several goroutines at once and must not call this package; a panic in it ends the
// program. [LogLevelNone], or nil, silences them, as it is at first. Fails with [ErrLibraryNotFound].
//
//	gpt4all.SetLog(gpt4all.LogLevelWarn, func(level gpt4all.LogLevel, message string) {
//		slog.Warn(message, "level", level)
//	})
func SetLog(level LogLevel, log func(level LogLevel, message string)) error {
	if level < LogLevelNone || level > LogLevelDebug {
		return newError(ErrInvalidArgument, "%d is no level of messages; use LogLevelNone to LogLevelDebug", level)
	}
	if err := load(); err != nil {
		return err
	}
	if log == nil {
		level = LogLevelNone
	}
	logging.Lock()
	logging.level, logging.log = level, log
	logging.Unlock()
	C.gpt4all_log(C.llmodel_log_level(level))
	return nil
}

// warn is a warning of this package.
func warn(format string, values ...any) {
	logging.RLock()
	level, log := logging.level, logging.log
	logging.RUnlock()
	if log != nil && level >= LogLevelWarn {
		log(LogLevelWarn, fmt.Sprintf(format, values...))
	}
}

//export gpt4allGoLog
func gpt4allGoLog(level C.int32_t, message *C.char) {
	logging.RLock()
	log := logging.log
	logging.RUnlock()
	if log == nil {
		return
	}
	outsideC(func() { log(LogLevel(level), C.GoString(message)) })
}
