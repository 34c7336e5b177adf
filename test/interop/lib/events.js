// Reading the events of one device with the official Event Hubs SDK.
'use strict';

const { EventHubConsumerClient, latestEventPosition } = require('@azure/event-hubs');
const context = require('./context');
const { Inbox } = require('./until');
const WebSocket = require('ws');

function consumer({ group = '$Default', web_socket = false, connection_string = context.strings.eventHub } = {}) {
  const options = web_socket ? { webSocketOptions: { webSocket: WebSocket, webSocketConstructorOptions: {} } } : {};
  return new EventHubConsumerClient(group, connection_string, options);
}

// Subscribes to all partitions and resolves once each has a link, so that "from now on" has a definite meaning.
// close() ends it. `keep(event)` filters: suites share one hub.
async function watch({ keep = () => true, options = { startPosition: latestEventPosition }, client = consumer(), partition } = {}) {
  const inbox = new Inbox();
  const errors = new Inbox();
  const ids = partition === undefined ? await client.getPartitionIds() : [partition];
  const handlers = {
    processEvents: async (events, { partitionId }) => {
      for (const event of events) if (keep(event)) inbox.push(Object.assign(event, { partitionId }));
    },
    processError: async (error) => errors.push(error),
  };
  const subscription =
    partition === undefined ? client.subscribe(handlers, options) : client.subscribe(partition, handlers, options);
  return {
    inbox, errors, partition_ids: ids,
    close: async () => {
      await subscription.close();
      await client.close();
    },
  };
}

function device_of(event) {
  return event.systemProperties?.['iothub-connection-device-id'];
}

// All events of a device from the start of the log.
function watch_device(device_id, { module_id, ...rest } = {}) {
  const { earliestEventPosition } = require('@azure/event-hubs');
  const keep = (event) => device_of(event) === device_id &&
    (module_id === undefined || event.systemProperties['iothub-connection-module-id'] === module_id);
  // Other suites' events come first: the default of ten at a time would take its time.
  return watch({ keep, ...rest,
    options: { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1, maxBatchSize: 300, ...rest.options } });
}

module.exports = { consumer, watch, watch_device, device_of };
