// Every row of the table of errors as the SDKs read it. The answers come from test/golden/errors/rows.jsonl, which unit tests
// hold against what the fronts send. No hub is needed.
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const service_rest = require('azure-iothub/dist/common-http/rest_api_client');
const base_rest = require('azure-iot-http-base/dist/rest_api_client');
const service_amqp = require('azure-iothub/dist/amqp_service_errors');
const device_amqp = require('azure-iot-amqp-base/dist/amqp_common_errors');
const device_mqtt = require('azure-iot-mqtt-base/dist/mqtt_translate_error');
const device_http = require('azure-iot-device-http/dist/http_errors');
const twin_errors = require('azure-iot-device/dist/twin_errors');

const rows = fs.readFileSync(path.join(__dirname, '..', 'golden', 'errors', 'rows.jsonl'), 'utf8')
  .trim().split('\n').map((line) => JSON.parse(line));

// reference/service-rest.md §19
const NODE = { 400: 'ArgumentError', 401: 'UnauthorizedError', 403: 'TooManyDevicesError', 409: 'DeviceAlreadyExistsError',
  412: 'InvalidEtagError', 429: 'ThrottlingError', 500: 'InternalServerError', 502: 'BadDeviceResponseError',
  503: 'ServiceUnavailableError', 504: 'GatewayTimeoutError' };
const NODE_404 = { DeviceNotFound: 'DeviceNotFoundError', IotHubNotFound: 'IotHubNotFoundError' };
const CSHARP = { 400: 'ArgumentException', 401: 'UnauthorizedException', 403: 'QuotaExceededException',
  404: 'DeviceNotFoundException', 405: 'IotHubException', 409: 'DeviceAlreadyExistsException', 412: 'PreconditionFailedException',
  413: 'MessageTooLargeException', 429: 'ThrottlingException', 500: 'ServerErrorException', 502: 'IotHubException',
  503: 'ServerBusyException', 504: 'IotHubException' };
const JAVA = { 400: 'IotHubBadFormatException', 401: 'IotHubUnauthorizedException', 403: 'IotHubTooManyDevicesException',
  404: 'IotHubNotFoundException', 405: 'IotHubException', 409: 'IotHubConflictException', 412: 'IotHubPreconditionFailedException',
  413: 'IotHubException', 429: 'IotHubTooManyRequestsException', 500: 'IotHubInternalServerErrorException',
  502: 'IotHubBadGatewayException', 503: 'IotHubServerBusyException', 504: 'IotHubGatewayTimeoutException' };
// reference/amqp.md §8
const AMQP = { 'amqp:not-found': 'DeviceNotFoundError', 'amqp:unauthorized-access': 'UnauthorizedError',
  'amqp:not-allowed': 'InvalidOperationError', 'amqp:internal-error': 'InternalServerError',
  'amqp:link:message-size-exceeded': 'MessageTooLargeError', 'com.microsoft:timeout': 'ServiceUnavailableError',
  'com.microsoft:message-lock-lost': 'DeviceMessageLockLostError', 'com.microsoft:argument-error': 'ArgumentError',
  'com.microsoft:device-container-throttled': 'ThrottlingError',
  'com.microsoft:device-already-exists': 'DeviceAlreadyExistsError' };

const name_of = (error) => (error.name === 'Error' ? error.constructor.name : error.name);
const response_of = (row) => ({ statusCode: row.status,
  headers: Object.fromEntries(Object.entries(row.headers).map(([name, value]) => [name.toLowerCase(), value])) });
const text_of = (row) => JSON.parse(row.body).Message.split(';')[1];

// The rules of the other clients (reference/service-rest.md §4), as far as they decide what an application sees.
function csharp_code(headers, body) {
  const message = JSON.parse(body).Message;
  let code;
  try {
    const map = JSON.parse(message);  // a map of text to text: nothing inside may be an object or an array
    if (Object.values(map).some((value) => value !== null && typeof value === 'object')) return 'InvalidErrorCode';
    code = rows.find((row) => row.code === Number(map.errorCode))?.name;
  } catch {
    code = /^ErrorCode:([^;]*);/.exec(message)?.[1];
  }
  // Numbers are not unique in the table; it is enough that the one of the header has this number.
  const header = headers['iothub-errorcode'];
  const same = code === header || rows.find((row) => row.name === code)?.code === rows.find((row) => row.name === header)?.code;
  return same ? header : 'InvalidErrorCode';
}

function java_code(status, body) {
  const outer = JSON.parse(body);
  try {
    return JSON.parse(outer.Message).errorCode;
  } catch {
    return status;
  }
}

test('the table was read', () => assert.ok(rows.length > 45));

for (const row of rows) {
  describe(`${row.code} ${row.name}`, () => {
    const service_class = row.status === 404 ? (NODE_404[row.name] ?? 'Error') : (NODE[row.status] ?? 'Error');

    test(`Node service SDK, REST: ${service_class}`, () => {
      assert.equal(row.node, service_class, 'the table of docs/protocol/errors.md');
      for (const sdk of [service_rest, base_rest]) {
        const error = sdk.RestApiClient.translateError(row.body, response_of(row));
        assert.equal(name_of(error), service_class);
        assert.equal(error.responseBody, row.body);
        if (row.status !== 404 || service_class !== 'Error') assert.equal(error.message, text_of(row));
        // Of the nested form only the status counts: no name in it may be taken for another error.
        const nested = sdk.RestApiClient.translateError(row.nested, response_of(row));
        assert.equal(name_of(nested), row.status === 404 ? 'Error' : service_class);
      }
    });

    test('Node device SDK: HTTPS, twins', () => {
      for (const error of [device_http.translateError('x', row.body, response_of(row)),
        twin_errors.translateError({}, row.status)]) {
        assert.ok(error instanceof Error);
        if (row.status === 404) assert.equal(name_of(error), 'DeviceNotFoundError');
        if (row.status === 400) assert.equal(name_of(error), 'ArgumentError');
      }
      assert.ok(JSON.parse(row.device).errorCode, 'without it an answer is taken for success');
    });

    test('Node SDKs, AMQP', () => {
      const amqp = { condition: row.amqp.condition, description: row.amqp.description };
      const by_device = name_of(device_amqp.translateError(amqp.description, amqp));
      const by_service = name_of(service_amqp.translateError(amqp.description, amqp));
      if (row.amqp.condition === 'amqp:resource-limit-exceeded') {
        assert.deepEqual([by_device, by_service], ['IotHubQuotaExceededError', 'DeviceMaximumQueueDepthExceededError']);
      } else {
        const expected = AMQP[row.amqp.condition] ?? 'Error';
        assert.deepEqual([by_device, by_service], [expected, expected]);
      }
    });

    test('Node device SDK, MQTT: a refused connect', () => {
      const words = { 3: 'Connection refused: Server unavailable', 5: 'Connection refused: Not authorized' };
      const expected = { 3: 'ServiceUnavailableError', 5: 'UnauthorizedError' };
      assert.equal(name_of(device_mqtt.translateError(new Error(words[row.connack]))), expected[row.connack]);
    });

    test('C#: a class for the status, and the code of the header', () => {
      assert.ok(CSHARP[row.status], `${row.status} has no class`);
      const { headers } = response_of(row);
      assert.equal(csharp_code(headers, row.body), row.name);
      assert.equal(csharp_code(headers, row.nested), row.name);
    });

    test('Java: a class for the status, and the number of a nested document', () => {
      assert.ok(JAVA[row.status], `${row.status} has no class`);
      assert.equal(java_code(row.status, row.body), row.status);
      assert.equal(java_code(row.status, row.nested), row.code);
    });

    test('Python and az iot: a JSON body with a message', () => {
      for (const body of [row.body, row.nested]) {
        const { Message, ExceptionMessage } = JSON.parse(body);
        assert.equal(typeof Message, 'string');
        assert.equal(typeof ExceptionMessage, 'string');
      }
    });
  });
}
