// rhea connections to the hub, with the outcome of each step as a promise.
'use strict';

const rhea = require('rhea');
const { parse_connection_string, sas } = require('./sas');
const { Inbox, with_deadline } = require('./until');

const FILTER = 'apache.org:selector-filter:string';

// The user and password of a hub policy for SASL PLAIN (reference/amqp.md §2.1), good for reading events unless another
// resource is named.
function plain_at({ info }, policy = 'iothubowner', resource = `${info.hostName}/messages/events`) {
  const { SharedAccessKey } = parse_connection_string(info.connectionStrings[policy]);
  const token = sas(resource, SharedAccessKey, { policy });
  return { username: `${policy}@sas.root.${info.hostName.split('.')[0]}`, password: token };
}

// Resolves when open has been answered. Without a user name no SASL layer is spoken at all.
function open_at({ info, ca }, options = {}) {
  const container = rhea.create_container();
  const connection = container.connect({ host: info.hostName, port: info.ports.amqp, transport: 'tls', ca, reconnect: false,
    ...options });
  connection.on('error', () => {});
  return with_deadline(new Promise((resolve, reject) => {
    connection.once('connection_open', () => resolve(connection));
    connection.once('connection_error', () => reject(connection.error ?? new Error('connection error')));
    connection.once('disconnected', (c) => reject(c.error ?? new Error('disconnected')));
  }), 'open');
}

function close(connection) {
  const closed = new Promise((resolve) => connection.once('connection_close', resolve));
  connection.close();
  return with_deadline(closed, 'close');
}

// {receiver} when attached, {error} when refused. `deliveries` collects {message, delivery}.
function attach_receiver(connection, source, options = {}) {
  const receiver = connection.open_receiver({ source, credit_window: 100, ...options });
  const deliveries = new Inbox();
  receiver.on('message', ({ message, delivery }) => deliveries.push({ message, delivery }));
  const outcome = new Promise((resolve) => {
    receiver.once('receiver_error', () => resolve({ error: receiver.error }));
    receiver.once('receiver_open', () => {
      // A refused link is answered with an attach without a source, then a detach.
      if (receiver.source && receiver.source.address) resolve({ receiver, deliveries });
    });
  });
  return with_deadline(outcome, 'attach or refusal');
}

function attach_sender(connection, target, options = {}) {
  const sender = connection.open_sender({ target, ...options });
  return with_deadline(new Promise((resolve) => {
    sender.once('sender_error', () => resolve({ error: sender.error }));
    sender.once('sendable', () => resolve({ sender }));
  }), 'credit or refusal');
}

// One request on `$cbs`; the answer's application properties and correlation id.
async function put_token(connection, token, name, type = 'servicebus.windows.net:sastoken', message_id = 'request-1') {
  const { receiver, deliveries } = await attach_receiver(connection, { address: '$cbs' });
  const { sender } = await attach_sender(connection, { address: '$cbs' });
  sender.send({ message_id, reply_to: 'cbs', application_properties: { operation: 'put-token', type, name }, body: token });
  const { message } = await deliveries.next('answer of $cbs');
  sender.close();
  receiver.close();
  return { ...message.application_properties, correlation_id: message.correlation_id };
}

function filter(expression) {
  return { [FILTER]: rhea.types.wrap_described(expression, 0x468C00000004) };
}

module.exports = { rhea, open_at, plain_at, close, attach_receiver, attach_sender, put_token, filter, FILTER };
