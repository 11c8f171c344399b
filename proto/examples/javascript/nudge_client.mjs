// A client of nudged in JavaScript (Node.js 18 or newer), with protobufjs and nudge.proto as they are: nothing is generated.
//
//     import { Nudge } from './nudge_client.mjs'
//     const nudge = await Nudge.connect({ address: 'unix:/run/nudged/nudged.sock', token: process.env.NUDGE_TOKEN })
//     await nudge.publish([{ id: '1', source: 'pbx', customer: 'c-17', type: 'contact.started', channel: 'call' }])
//     const { choices } = await nudge.call('recommend', { customer: 'c-17', topic: 'help' })
//     for await (const alert of nudge.follow({ after: lastSeen })) console.log(alert.text)   // goes on through reconnects
//
// Messages are plain objects with the names of nudge.proto. Attributes of events may be written short:
// { mood: -0.5, topic: 'bill', plan: { value: 'basic', time: new Date('2026-05-01') }, seat: null }.
import net from 'node:net'
import tls from 'node:tls'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'

const PROTO = process.env.NUDGE_PROTO ?? fileURLToPath(new URL('../../nudge.proto', import.meta.url))
const AS_TEXT = { longs: Number, enums: String, defaults: true, oneofs: true }
const WAIT_MS_FIRST = 50, WAIT_MS_LAST = 2000, HELLO_ID = 2 ** 52

// What the daemon refused: code is one of a closed list ("invalid", "busy", "denied" ...), field says what is to blame.
export class NudgeError extends Error {
  constructor(error) {
    super(error.reason || error.code)
    Object.assign(this, { name: 'NudgeError', code: error.code, field: error.field })
  }
}

function attribute(name, said) {
  const { value, time } = said !== null && typeof said === 'object' ? said : { value: said }
  const a = { name }
  if (value === null || value === undefined) a.removed = true
  else if (typeof value === 'boolean') a.flag = value
  else if (typeof value === 'number') a.number = value
  else a.text = String(value)
  if (time !== undefined) a.time_ms = Number(time)
  return a
}

function eventMessage(event) {
  const { attributes, time, ...rest } = event
  if (time !== undefined) rest.time_ms = Number(time)
  if (Array.isArray(attributes)) rest.attributes = attributes
  else if (attributes) rest.attributes = Object.entries(attributes).map(([name, said]) => attribute(name, said))
  return rest
}

export class Nudge {
  // address: unix:PATH, tcp:HOST:PORT or tls:HOST:PORT (with `tls`, options of node:tls). patience: so many milliseconds
  // are tried to have a lost connection back; then what is under way fails.
  static async connect(options) {
    const root = await new protobuf.Root().load(options.proto ?? PROTO, { keepCase: true })
    const nudge = new Nudge(options, root)
    await nudge.#connectPatiently(options.connectPatience ?? 5000)
    return nudge
  }

  #options; #Request; #Response; #socket = null; #input = Buffer.alloc(0); #lastId = 0; #closed = false; #calls = new Map()
  #follows = new Map(); #coming = null; #drained = null; #drain = null

  constructor(options, root) {
    this.#options = { patience: 60000, window: 16, batch: 256, ...options }
    this.#Request = root.lookupType('nudge.v1.Request')
    this.#Response = root.lookupType('nudge.v1.Response')
    this.welcome = null
  }

  // One request, by the name that it has in Request: its answer's body. Requests are pipelined: call as often as you like.
  // What was under way when the connection was lost is sent again: events and outcomes are told apart by their ids.
  call(kind, body) {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { id, kind, body, resolve, reject })
      this.#send(id, kind, body)
    })
  }

  // Publishes events in batches, several under way at once; an answer (Ack) for each, in their order. Events that are refused
  // are in the answers; where the daemon is busy they are sent again. Takes arrays, and iterables of any length: no more is
  // taken from them than is under way.
  async publish(events) {
    const acks = [], under = new Set()
    const limit = Math.min(this.#options.batch, this.welcome?.max_batch_events || this.#options.batch)
    let batch = [], failed = null
    const send = async (part, from) => {
      const answers = await this.#publishBatch(part)
      answers.forEach((ack, i) => { acks[from + i] = ack })
    }
    const put = async () => {
      const from = acks.length, part = batch
      acks.length += part.length
      batch = []
      const sent = send(part, from).catch(error => { failed = error }).finally(() => under.delete(sent))
      under.add(sent)
      if (under.size >= this.#options.window) await Promise.race(under)
    }
    for await (const event of events) {
      batch.push(eventMessage(event))
      if (batch.length === limit) await put()
      if (this.#drained) await this.#drained
      if (failed) throw failed
    }
    if (batch.length) await put()
    await Promise.all(under)
    if (failed) throw failed
    return acks
  }

  async #publishBatch(events) {
    const acks = new Array(events.length)
    let open = events.map((event, i) => i), pause = WAIT_MS_FIRST
    while (open.length) {
      let answers
      try {
        answers = (await this.call('publish', { events: open.map(i => events[i]) })).acks
      } catch (error) {
        if (error.code !== 'busy') throw error
        answers = open.map(() => ({ result: 'REFUSED', error }))
      }
      open.forEach((at, i) => { acks[at] = answers[i] })
      open = open.filter(at => acks[at].result === 'REFUSED' && acks[at].error.code === 'busy')
      if (open.length) await wait(pause)
      pause = Math.min(pause * 2, WAIT_MS_LAST)
    }
    return acks
  }

  // Alerts and nudges as they become durable, each once, through lost connections and restarts of the daemon. after: the
  // last one seen, { seq, index }; fromNow: only what is new; else all that is held comes first. Ends with close() or
  // `break`.
  async *follow({ after = null, fromNow = false, to = '' } = {}) {
    const f = { after, fromNow, to, alerts: [], wake: null, error: null, id: 0 }
    await this.#startFollowing(f)
    try {
      while (!this.#closed) {
        while (f.alerts.length) {
          const alert = f.alerts.shift()
          this.#resumeReading()
          yield alert
        }
        if (f.error) throw f.error
        if (this.#closed) return
        await new Promise(resolve => { f.wake = resolve })
      }
    } finally {
      this.#follows.delete(f.id)
      if (!this.#closed && this.#socket) this.call('unfollow', { follow_id: f.id }).catch(() => {})
    }
  }

  close() {
    this.#closed = true
    this.#socket?.destroy()
    this.#failAll(new NudgeError({ code: 'closed', reason: 'closed by this client' }))
  }

  #startFollowing(f) {
    f.id = ++this.#lastId
    this.#follows.set(f.id, f)
    const body = { to: f.to, after_seq: f.after?.seq ?? 0, after_index: f.after?.index ?? 0, from_now: f.fromNow && !f.after }
    return new Promise((resolve, reject) => {
      this.#calls.set(f.id, { id: f.id, follow: f, resolve, reject })
      this.#send(f.id, 'follow', body)
    })
  }

  #send(id, kind, body) {
    if (!this.#socket) return // it goes out once the connection is back
    const message = this.#Request.fromObject({ request_id: id, [kind]: body })
    if (this.#socket.write(this.#Request.encodeDelimited(message).finish())) return
    this.#drained ??= new Promise(resolve => { this.#drain = resolve }) // back-pressure: the daemon reads slower than we write
  }

  #connectPatiently(patience) {
    this.#coming ??= this.#tryToConnect(Date.now() + patience).finally(() => { this.#coming = null })
    return this.#coming
  }

  async #tryToConnect(until) {
    for (let pause = WAIT_MS_FIRST; ; pause = Math.min(pause * 2, WAIT_MS_LAST)) {
      try {
        await this.#open()
        return
      } catch (error) {
        if (error instanceof NudgeError || this.#closed || Date.now() + pause > until) throw error
        await wait(pause)
      }
    }
  }

  #open() {
    const { address, client = 'nudge_client.mjs', token = '' } = this.#options
    const [, host, port] = /^(?:tcp|tls):(.*):(\d+)$/.exec(address) ?? []
    const where = host ? { host: host.replace(/^\[|\]$/g, ''), port: Number(port) } : { path: address.replace(/^unix:/, '') }
    const secure = address.startsWith('tls:')
    return new Promise((resolve, reject) => {
      const socket = secure ? tls.connect({ ...where, servername: where.host, ...this.#options.tls }) : net.connect(where)
      let lost = reject
      socket.setNoDelay?.(true)
      socket.on('error', error => lost(error))
      socket.on('close', () => lost(new Error('the connection is closed')))
      socket.on('drain', () => { this.#drain?.(); this.#drained = this.#drain = null })
      socket.on(secure ? 'secureConnect' : 'connect', () => {
        this.#input = Buffer.alloc(0)
        const hello = this.#Request.fromObject({ request_id: HELLO_ID, hello: { version: 1, client, token } })
        socket.write(this.#Request.encodeDelimited(hello).finish())
      })
      const answered = response => {
        if (response.body === 'error') {
          socket.destroy()
          return reject(new NudgeError(response.error))
        }
        this.welcome = response.welcome
        this.#socket = socket
        this.#take = r => this.#answer(r)
        lost = () => this.#lost(socket)
        resolve()
        queueMicrotask(() => this.#sendAgain())
      }
      this.#take = answered
      socket.on('data', data => {
        try {
          this.#read(data)
        } catch (error) {
          socket.destroy(error)
        }
      })
    })
  }

  #take = () => {}

  #read(data) {
    this.#input = this.#input.length ? Buffer.concat([this.#input, data]) : data
    let at = 0
    while (at < this.#input.length) {
      const length = varint(this.#input, at)
      if (!length || length.end + length.value > this.#input.length) break
      const body = this.#input.subarray(length.end, length.end + length.value)
      at = length.end + length.value
      this.#take(this.#Response.toObject(this.#Response.decode(body), AS_TEXT))
    }
    this.#input = this.#input.subarray(at)
  }

  #answer(response) {
    const id = response.request_id, f = this.#follows.get(id), call = this.#calls.get(id)
    if (response.body === 'alert' && f) return this.#alert(f, response.alert)
    if (response.body === 'missed' && f) return this.#followAgain(f, response.missed)
    if (!call) {
      if (f && response.body === 'error') this.#endFollow(f, new NudgeError(response.error)) // its token was revoked, say
      return
    }
    this.#calls.delete(id)
    if (response.body === 'error') {
      this.#follows.delete(id)
      return call.reject(new NudgeError(response.error))
    }
    if (call.follow && !call.follow.after) call.follow.after = call.follow.fromNow ? { seq: response.following.seq, index: 2 ** 32 - 1 } : null
    call.resolve(response[response.body])
  }

  // In the order of (seq, index): what is not behind the last one was seen before the connection was lost.
  #alert(f, alert) {
    const { seq, index } = alert, last = f.after
    if (last && (seq < last.seq || (seq === last.seq && index <= last.index))) return
    f.after = { seq, index }
    f.alerts.push(alert)
    if (f.alerts.length >= 1000) this.#socket.pause() // a slow reader: then the daemon waits, and says what was missed
    this.#wake(f)
  }

  #resumeReading() {
    if (this.#socket?.isPaused() && [...this.#follows.values()].every(f => f.alerts.length < 500)) this.#socket.resume()
  }

  #followAgain(f, missed) {
    this.#follows.delete(f.id)
    f.after ??= { seq: missed.resume_seq, index: missed.resume_index }
    this.#startFollowing(f).catch(error => this.#endFollow(f, error))
  }

  #wake(f) {
    f.wake?.()
    f.wake = null
  }

  #endFollow(f, error) {
    f.error = error
    this.#wake(f)
  }

  async #lost(socket) {
    if (this.#socket !== socket) return
    this.#socket = null
    this.#drain?.()
    this.#drained = this.#drain = null
    if (this.#closed) return
    try {
      await this.#connectPatiently(this.#options.patience)
    } catch (error) {
      this.#failAll(error)
    }
  }

  #sendAgain() {
    for (const call of [...this.#calls.values()])
      if (!call.follow) this.#send(call.id, call.kind, call.body)
    for (const f of [...this.#follows.values()]) {
      const waiting = this.#calls.get(f.id)
      this.#calls.delete(f.id)
      this.#follows.delete(f.id)
      this.#startFollowing(f).then(value => waiting?.resolve(value), error => waiting ? waiting.reject(error) : this.#endFollow(f, error))
    }
  }

  #failAll(error) {
    for (const call of this.#calls.values()) call.reject(error)
    this.#calls.clear()
    for (const f of this.#follows.values()) this.#closed ? this.#wake(f) : this.#endFollow(f, error)
  }
}

// The number at `at` and where it ends; null where it is not whole yet.
function varint(buffer, at) {
  let value = 0
  for (let i = 0; i < 5 && at + i < buffer.length; i++) {
    value += (buffer[at + i] & 0x7f) * 2 ** (7 * i)
    if (!(buffer[at + i] & 0x80)) return { value, end: at + i + 1 }
  }
  if (buffer.length - at >= 5) throw new Error('what came is no frame: is this the protobuf socket?')
  return null
}
