;; What a package of GenVM starts: reads the request from the message, asks the engine, and returns the
;; decision as calldata.
;;
;; The message is a map with `entry_data`, bytes that are the calldata of {"ctx": text, "policy": text}.
;; Anything else is a user error with the code `message`. The machine itself says that the message
;; is calldata; what is in `entry_data` anybody may say, so that is read strictly.
;;
;; The memory is the engine's. Until the engine is asked, room comes from its allocator; after that it
;; must not be called, since it takes back what the call before took, so the answer is written behind
;; the memory as it is, which grows. Constants are in passive segments: they are in no one's way.
;;
;; The host checks that shim.wasm is this text.
(module $sigmapol_shim
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param $fd i32) (param $rooms i32) (param $count i32) (param $got i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "genlayer_sdk" "gl_call"
    (func $gl_call (param $request i32) (param $length i32) (param $result i32) (result i32)))
  (import "sigmapol" "memory" (memory 1))
  (import "sigmapol" "cabi_realloc"
    (func $realloc (param $old i32) (param $length i32) (param $align i32) (param $new i32) (result i32)))
  (import "sigmapol" "sigmapol:policy/engine@0.1.0#decide"
    (func $decide (param i32 i32 i32 i32) (result i32)))
  (export "memory" (memory 0))

  ;; where is read, and where that ends
  (global $at (mut i32) (i32.const 0))
  (global $end (mut i32) (i32.const 0))
  ;; where the answer starts, and where is written
  (global $answer (mut i32) (i32.const 0))
  (global $out (mut i32) (i32.const 0))
  ;; three words for calls of the host
  (global $words (mut i32) (i32.const 0))

  (data $text
    "\0e\06Return\36\04cost" ;; 0, 14 bytes
    "\08identity" ;; 14, 9 bytes
    "\07ordered" ;; 23, 8 bytes
    "\09reactions" ;; 31, 10 bytes
    "\08rejected" ;; 41, 9 bytes
    "\07request" ;; 50, 8 bytes
    "\0e\09UserError\16\04code" ;; 58, 17 bytes
    "\07message" ;; 75, 8 bytes
    "\0e\09UserError\16\04code\3cmessage\07message\f4\03expected entry_data, the calldata of ctx and policy, both text" ;; 83, 97 bytes
  )

  ;; the codes of refusals in the order of the contract, each with its length in front, in 20 bytes
  (data $codes
    "\0bjson-syntax\00\00\00\00\00\00\00\00"
    "\12json-duplicate-key\00"
    "\09json-null\00\00\00\00\00\00\00\00\00\00"
    "\0bjson-number\00\00\00\00\00\00\00\00"
    "\0cjson-nesting\00\00\00\00\00\00\00"
    "\0ainput-size\00\00\00\00\00\00\00\00\00"
    "\0aterm-depth\00\00\00\00\00\00\00\00\00"
    "\0aterm-nodes\00\00\00\00\00\00\00\00\00"
    "\0aterm-shape\00\00\00\00\00\00\00\00\00"
    "\0aunknown-op\00\00\00\00\00\00\00\00\00"
    "\05arity\00\00\00\00\00\00\00\00\00\00\00\00\00\00"
    "\0dsort-mismatch\00\00\00\00\00\00"
    "\09parameter\00\00\00\00\00\00\00\00\00\00"
    "\06strict\00\00\00\00\00\00\00\00\00\00\00\00\00"
    "\0avocabulary\00\00\00\00\00\00\00\00\00"
    "\0cnot-a-policy\00\00\00\00\00\00\00"
    "\0eunknown-custom\00\00\00\00\00"
    "\03ctx\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00"
    "\04seed\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00"
    "\05event\00\00\00\00\00\00\00\00\00\00\00\00\00\00"
    "\03run\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00"
    "\06config\00\00\00\00\00\00\00\00\00\00\00\00\00"
    "\04flow\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00"
    "\0bunsupported\00\00\00\00\00\00\00\00")

  (func (export "_start")
    (local $ctx i32) (local $ctx_length i32) (local $policy i32) (local $policy_length i32)
    (local $result i32)
    (call $read_message)
    (call $find_entry_data)
    ;; a map of 2, and the first key
    (call $need (i64.const 5))
    (if (i32.ne (i32.load (global.get $at)) (i32.const 0x74630316)) (then (call $malformed)))
    (if (i32.ne (i32.load8_u offset=4 (global.get $at)) (i32.const 0x78)) (then (call $malformed)))
    (call $pass (i32.const 5))
    (local.set $ctx_length (call $text_length))
    (local.set $ctx (call $take (local.get $ctx_length)))
    ;; the second key
    (call $need (i64.const 7))
    (if (i32.ne (i32.load (global.get $at)) (i32.const 0x6c6f7006)) (then (call $malformed)))
    (if (i32.ne (i32.load offset=3 (global.get $at)) (i32.const 0x7963696c)) (then (call $malformed)))
    (call $pass (i32.const 7))
    (local.set $policy_length (call $text_length))
    (local.set $policy (call $take (local.get $policy_length)))
    (if (i32.ne (global.get $at) (global.get $end)) (then (call $malformed)))
    (local.set $result
      (call $decide
        (local.get $policy) (local.get $policy_length) (local.get $ctx) (local.get $ctx_length)))
    (call $open)
    (if (i32.load8_u (local.get $result))
      (then (call $refused (i32.add (local.get $result) (i32.const 8))))
      (else (call $decided (i32.add (local.get $result) (i32.const 8)))))
    (call $end_run))

  ;; ---- the message

  (func $read_message
    (local $buffer i32) (local $room i32) (local $length i32) (local $got i32)
    (global.set $words (call $realloc (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 12)))
    (local.set $room (i32.const 65536))
    (local.set $buffer (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $room)))
    (loop $more
      (if (i32.eq (local.get $length) (local.get $room))
        (then
          (local.set $buffer
            (call $realloc (local.get $buffer) (local.get $room) (i32.const 1)
              (i32.mul (local.get $room) (i32.const 2))))
          (local.set $room (i32.mul (local.get $room) (i32.const 2)))))
      (i32.store (global.get $words) (i32.add (local.get $buffer) (local.get $length)))
      (i32.store offset=4 (global.get $words) (i32.sub (local.get $room) (local.get $length)))
      (if (call $fd_read (i32.const 0) (global.get $words) (i32.const 1)
            (i32.add (global.get $words) (i32.const 8)))
        (then (call $proc_exit (i32.const 1)) (unreachable)))
      (local.set $got (i32.load offset=8 (global.get $words)))
      (local.set $length (i32.add (local.get $length) (local.get $got)))
      (br_if $more (local.get $got)))
    (global.set $at (local.get $buffer))
    (global.set $end (i32.add (local.get $buffer) (local.get $length))))

  ;; Goes to the bytes of the entry `entry_data`, and no further.
  (func $find_entry_data
    (local $head i64) (local $left i64) (local $length i32)
    (local.set $head (call $leb))
    (if (i64.ne (i64.and (local.get $head) (i64.const 7)) (i64.const 6)) (then (call $malformed)))
    (local.set $left (i64.shr_u (local.get $head) (i64.const 3)))
    (loop $entry
      (if (i64.eqz (local.get $left)) (then (call $malformed)))
      (local.set $left (i64.sub (local.get $left) (i64.const 1)))
      (local.set $length (call $length (call $leb)))
      (if (i32.eq (local.get $length) (i32.const 10))
        (then
          (if (i32.and
                (i64.eq (i64.load (global.get $at)) (i64.const 0x61645f7972746e65))
                (i32.eq (i32.load16_u offset=8 (global.get $at)) (i32.const 0x6174)))
            (then
              (call $pass (i32.const 10))
              (local.set $head (call $leb))
              (if (i64.ne (i64.and (local.get $head) (i64.const 7)) (i64.const 3))
                (then (call $malformed)))
              (global.set $end
                (i32.add (call $length (i64.shr_u (local.get $head) (i64.const 3))) (global.get $at)))
              (return)))))
      (call $pass (local.get $length))
      (call $skip)
      (br $entry)))

  ;; Passes a value.
  (func $skip
    (local $head i64) (local $rest i64)
    (local.set $head (call $leb))
    (local.set $rest (i64.shr_u (local.get $head) (i64.const 3)))
    (block $map (block $array (block $bytes (block $integer (block $special (block $none
      (br_table $special $integer $integer $bytes $bytes $array $map $none
        (i32.wrap_i64 (i64.and (local.get $head) (i64.const 7)))))
      ;; no such tag
      (call $malformed))
      ;; an address has 20 bytes, the other special values none
      (if (i64.eq (local.get $rest) (i64.const 3))
        (then (call $pass (call $length (i64.const 20))))))
      ;; an integer is in its head
      (return))
      (call $pass (call $length (local.get $rest)))
      (return))
      (loop $value
        (if (i64.eqz (local.get $rest)) (then (return)))
        (local.set $rest (i64.sub (local.get $rest) (i64.const 1)))
        (call $skip)
        (br $value)))
    (loop $entry
      (if (i64.eqz (local.get $rest)) (then (return)))
      (local.set $rest (i64.sub (local.get $rest) (i64.const 1)))
      (call $pass (call $length (call $leb)))
      (call $skip)
      (br $entry)))

  ;; The length of a text, which comes next.
  (func $text_length (result i32)
    (local $head i64)
    (local.set $head (call $leb))
    (if (i64.ne (i64.and (local.get $head) (i64.const 7)) (i64.const 4)) (then (call $malformed)))
    (call $length (i64.shr_u (local.get $head) (i64.const 3))))

  ;; Takes so many bytes, which are UTF-8, to a place of their own: the engine takes them over.
  (func $take (param $length i32) (result i32)
    (local $copy i32)
    (call $check_utf8 (global.get $at) (i32.add (global.get $at) (local.get $length)))
    (local.set $copy (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $length)))
    (memory.copy (local.get $copy) (global.get $at) (local.get $length))
    (call $pass (local.get $length))
    (local.get $copy))

  (func $check_utf8 (param $from i32) (param $to i32)
    (local $byte i32) (local $more i32) (local $least i32) (local $point i32)
    (loop $character
      (if (i32.eq (local.get $from) (local.get $to)) (then (return)))
      (local.set $byte (i32.load8_u (local.get $from)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br_if $character (i32.lt_u (local.get $byte) (i32.const 0x80)))
      (block $known
        (local.set $more (i32.const 1))
        (local.set $least (i32.const 0x80))
        (local.set $point (i32.and (local.get $byte) (i32.const 0x1f)))
        (br_if $known (i32.eq (i32.and (local.get $byte) (i32.const 0xe0)) (i32.const 0xc0)))
        (local.set $more (i32.const 2))
        (local.set $least (i32.const 0x800))
        (local.set $point (i32.and (local.get $byte) (i32.const 0x0f)))
        (br_if $known (i32.eq (i32.and (local.get $byte) (i32.const 0xf0)) (i32.const 0xe0)))
        (local.set $more (i32.const 3))
        (local.set $least (i32.const 0x10000))
        (local.set $point (i32.and (local.get $byte) (i32.const 0x07)))
        (br_if $known (i32.eq (i32.and (local.get $byte) (i32.const 0xf8)) (i32.const 0xf0)))
        (call $malformed))
      (if (i32.gt_u (local.get $more) (i32.sub (local.get $to) (local.get $from)))
        (then (call $malformed)))
      (loop $continuation
        (local.set $byte (i32.load8_u (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (if (i32.ne (i32.and (local.get $byte) (i32.const 0xc0)) (i32.const 0x80))
          (then (call $malformed)))
        (local.set $point
          (i32.or
            (i32.shl (local.get $point) (i32.const 6))
            (i32.and (local.get $byte) (i32.const 0x3f))))
        (local.set $more (i32.sub (local.get $more) (i32.const 1)))
        (br_if $continuation (local.get $more)))
      ;; in the shortest form, a code point, no surrogate
      (if (i32.or
            (i32.or
              (i32.lt_u (local.get $point) (local.get $least))
              (i32.gt_u (local.get $point) (i32.const 0x10ffff)))
            (i32.eq (i32.shr_u (local.get $point) (i32.const 11)) (i32.const 0x1b)))
        (then (call $malformed)))
      (br $character)))

  ;; An integer in LEB128. What is above 56 bits is lost, but for a sign that it was there: the rest
  ;; of an integer means nothing here, and as a length it is too much.
  (func $leb (result i64)
    (local $byte i64) (local $shift i64) (local $value i64)
    (loop $more
      (call $need (i64.const 1))
      (local.set $byte (i64.load8_u (global.get $at)))
      (call $pass (i32.const 1))
      (if (i64.lt_u (local.get $shift) (i64.const 56))
        (then
          (local.set $value
            (i64.or
              (local.get $value)
              (i64.shl (i64.and (local.get $byte) (i64.const 0x7f)) (local.get $shift)))))
        (else
          (if (i64.ne (i64.and (local.get $byte) (i64.const 0x7f)) (i64.const 0))
            (then (local.set $value (i64.or (local.get $value) (i64.const 0x4000000000000000)))))))
      ;; without leading zeros
      (if (i32.and
            (i64.eqz (local.get $byte))
            (i64.ne (local.get $shift) (i64.const 0)))
        (then (call $malformed)))
      (local.set $shift (i64.add (local.get $shift) (i64.const 7)))
      (br_if $more (i64.ge_u (local.get $byte) (i64.const 0x80))))
    (local.get $value))

  ;; A length that there is room for.
  (func $length (param $length i64) (result i32)
    (call $need (local.get $length))
    (i32.wrap_i64 (local.get $length)))

  (func $need (param $length i64)
    (if (i64.gt_u
          (local.get $length)
          (i64.extend_i32_u (i32.sub (global.get $end) (global.get $at))))
      (then (call $malformed))))

  (func $pass (param $length i32)
    (global.set $at (i32.add (global.get $at) (local.get $length))))

  (func $malformed
    (call $open)
    (call $write_text (i32.const 83) (i32.const 97))
    (call $end_run))

  ;; ---- the answer

  ;; A refusal: code, message.
  (func $refused (param $refusal i32)
    (local $entry i32) (local $length i32)
    (call $write_text (i32.const 58) (i32.const 17))
    ;; the code goes behind its head, of two bytes at most
    (call $room (i32.const 40))
    (if (i32.ge_u (i32.load8_u (local.get $refusal)) (i32.const 24)) (then (unreachable)))
    (local.set $entry (i32.add (global.get $out) (i32.const 8)))
    (memory.init $codes (local.get $entry)
      (i32.mul (i32.load8_u (local.get $refusal)) (i32.const 20)) (i32.const 20))
    (local.set $length (i32.load8_u (local.get $entry)))
    (call $write_string (i32.add (local.get $entry) (i32.const 1)) (local.get $length))
    (call $write_text (i32.const 75) (i32.const 8))
    (call $write_string_at (i32.add (local.get $refusal) (i32.const 4))))

  ;; A decision. Doubles are written as their bits.
  (func $decided (param $decision i32)
    (local $element i32) (local $left i32)
    (call $write_text (i32.const 0) (i32.const 14))
    (call $write_head (i32.const 1) (i64.load offset=48 (local.get $decision)))
    (call $write_text (i32.const 14) (i32.const 9))
    (call $write_string_at (local.get $decision))

    (call $write_text (i32.const 23) (i32.const 8))
    (local.set $element (i32.load offset=8 (local.get $decision)))
    (local.set $left (i32.load offset=12 (local.get $decision)))
    (call $write_head (i32.const 5) (i64.extend_i32_u (local.get $left)))
    (block $done
      (loop $more
        (br_if $done (i32.eqz (local.get $left)))
        (call $write_head (i32.const 5) (i64.const 2))
        (call $write_head (i32.const 1) (i64.load32_u (local.get $element)))
        (call $write_head (i32.const 1) (i64.load offset=8 (local.get $element)))
        (local.set $element (i32.add (local.get $element) (i32.const 16)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $more)))

    (call $write_text (i32.const 31) (i32.const 10))
    (local.set $element (i32.load offset=36 (local.get $decision)))
    (local.set $left (i32.load offset=40 (local.get $decision)))
    (call $write_head (i32.const 5) (i64.extend_i32_u (local.get $left)))
    (block $done
      (loop $more
        (br_if $done (i32.eqz (local.get $left)))
        (call $write_head (i32.const 5) (i64.const 2))
        (call $write_string_at (local.get $element))
        (call $write_head (i32.const 1) (i64.load offset=8 (local.get $element)))
        (local.set $element (i32.add (local.get $element) (i32.const 16)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $more)))

    (call $write_text (i32.const 41) (i32.const 9))
    (local.set $element (i32.load offset=16 (local.get $decision)))
    (local.set $left (i32.load offset=20 (local.get $decision)))
    (call $write_head (i32.const 5) (i64.extend_i32_u (local.get $left)))
    (block $done
      (loop $more
        (br_if $done (i32.eqz (local.get $left)))
        (call $write_head (i32.const 5) (i64.const 2))
        (call $write_head (i32.const 1) (i64.load32_u (local.get $element)))
        (call $write_string_at (i32.add (local.get $element) (i32.const 4)))
        (local.set $element (i32.add (local.get $element) (i32.const 12)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $more)))

    (call $write_text (i32.const 50) (i32.const 8))
    (if (i32.load8_u offset=24 (local.get $decision))
      (then (call $write_string_at (i32.add (local.get $decision) (i32.const 28))))
      (else (call $write_byte (i32.const 0)))))

  ;; ---- writing

  (func $open
    (global.set $answer (i32.shl (memory.size) (i32.const 16)))
    (global.set $out (global.get $answer)))

  ;; Makes room for so many bytes.
  (func $room (param $length i32)
    (local $missing i32)
    (local.set $missing
      (i32.sub
        (i32.add (global.get $out) (local.get $length))
        (i32.shl (memory.size) (i32.const 16))))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then
        (if (i32.eq
              (memory.grow (i32.shr_u (i32.add (local.get $missing) (i32.const 65535)) (i32.const 16)))
              (i32.const -1))
          (then (unreachable))))))

  (func $write_byte (param $byte i32)
    (call $room (i32.const 1))
    (i32.store8 (global.get $out) (local.get $byte))
    (global.set $out (i32.add (global.get $out) (i32.const 1))))

  ;; The head of a value: a tag, and 64 bits of rest.
  (func $write_head (param $tag i32) (param $rest i64)
    (local $byte i64)
    (local.set $byte
      (i64.or
        (i64.extend_i32_u (local.get $tag))
        (i64.shl (i64.and (local.get $rest) (i64.const 15)) (i64.const 3))))
    (local.set $rest (i64.shr_u (local.get $rest) (i64.const 4)))
    (block $done
      (loop $more
        (br_if $done (i64.eqz (local.get $rest)))
        (call $write_byte (i32.or (i32.wrap_i64 (local.get $byte)) (i32.const 0x80)))
        (local.set $byte (i64.and (local.get $rest) (i64.const 0x7f)))
        (local.set $rest (i64.shr_u (local.get $rest) (i64.const 7)))
        (br $more)))
    (call $write_byte (i32.wrap_i64 (local.get $byte))))

  ;; A part of `$text`.
  (func $write_text (param $from i32) (param $length i32)
    (call $room (local.get $length))
    (memory.init $text (global.get $out) (local.get $from) (local.get $length))
    (global.set $out (i32.add (global.get $out) (local.get $length))))

  (func $write_string_at (param $string i32)
    (call $write_string (i32.load (local.get $string)) (i32.load offset=4 (local.get $string))))

  (func $write_string (param $from i32) (param $length i32)
    (call $write_head (i32.const 4) (i64.extend_i32_u (local.get $length)))
    (call $room (local.get $length))
    (memory.copy (global.get $out) (local.get $from) (local.get $length))
    (global.set $out (i32.add (global.get $out) (local.get $length))))

  ;; Hands the answer over; the machine ends the run with it.
  (func $end_run
    (drop
      (call $gl_call
        (global.get $answer)
        (i32.sub (global.get $out) (global.get $answer))
        (global.get $words)))
    (unreachable)))
