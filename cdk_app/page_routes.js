// Viewer request of the web: which file a page's address means. Runs for pages only, never for /api/*, so that the
// API's own 404 stays what it is (a custom error response would turn it into a page).
function handler(event) {
  var request = event.request;
  var last = request.uri.split('/').pop();
  if (request.uri === '/docs') {
    return { statusCode: 301, statusDescription: 'Moved Permanently', headers: { location: { value: '/docs/' } } };
  }
  if (last.indexOf('.') === -1) {
    request.uri = request.uri === '/docs/' ? '/docs/index.html' : '/index.html';
  }
  return request;
}
