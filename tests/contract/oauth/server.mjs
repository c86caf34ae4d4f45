// Another author's authorization server, with refresh tokens that rotate and with detection of their reuse.
// Prints one line of JSON when it listens. POST /_control turns dials, GET /_control tells what happened.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const callback = process.argv[2];
const dials = { drop: 0, grace_s: 0, life_s: 3600, withhold: [] };
const seen = { refreshed: 0, revoked: 0, refused: {} };
const SCOPES = ['contacts.read', 'contacts.write', 'orders.read'];

// A store in memory. Within the window of grace a used refresh token counts as unused.
const store = new Map();
class Memory {
  constructor(name) { this.name = name; }
  key(id) { return `${this.name}:${id}`; }
  async upsert(id, payload) { store.set(this.key(id), { ...payload }); }
  async find(id) {
    const found = store.get(this.key(id));
    if (!found || !found.consumed) return found;
    const age = Date.now() / 1000 - found.consumed;
    return age <= dials.grace_s ? { ...found, consumed: undefined } : found;
  }
  async findByUid(uid) { return [...store.values()].find((one) => one.uid === uid); }
  async findByUserCode() { return undefined; }
  async destroy(id) { store.delete(this.key(id)); }
  async consume(id) { store.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async revokeByGrantId(grantId) {
    for (const [key, one] of store) if (one.grantId === grantId) store.delete(key);
  }
}

const client = (client_id, token_endpoint_auth_method, client_secret) => ({
  client_id,
  ...(client_secret ? { client_secret } : {}),
  token_endpoint_auth_method,
  application_type: 'native',
  redirect_uris: [callback],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
});

function provider(issuer) {
  const made = new Provider(issuer, {
    adapter: Memory,
    clients: [
      client('by-post', 'client_secret_post', 'post-secret-with-32-characters-in'),
      client('by-basic', 'client_secret_basic', 'basic%secret:with+odd &signs/and=more'),
      client('by-jwt', 'client_secret_jwt', 'jwt-secret-with-at-least-32-characters'),
      client('by-none', 'none'),
    ],
    scopes: ['openid', 'offline_access', ...SCOPES],
    pkce: { methods: ['S256'], required: () => true },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      introspection: { enabled: true },
      userinfo: { enabled: true },
    },
    clientAuthMethods: ['client_secret_post', 'client_secret_basic', 'client_secret_jwt', 'none'],
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    ttl: { AccessToken: () => dials.life_s, RefreshToken: () => 86400, Grant: () => 86400 },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    cookies: { keys: ['not a secret'] },
  });
  made.on('grant.revoked', () => { seen.revoked += 1; });
  made.on('grant.success', (ctx) => { if (ctx.oidc.params.grant_type === 'refresh_token') seen.refreshed += 1; });
  made.on('grant.error', (ctx, error) => { seen.refused[error.message] = (seen.refused[error.message] || 0) + 1; });
  return made;
}

// The person on the page: signs in as the account named by the dial, and gives what is not withheld.
async function accept(oidc, request, response) {
  const { uid, params } = await oidc.interactionDetails(request, response);
  const grant = new oidc.Grant({ accountId: dials.account || 'account-1', clientId: params.client_id });
  const asked = (params.scope || '').split(' ');
  grant.addOIDCScope(asked.filter((scope) => !dials.withhold.includes(scope)).join(' '));
  grant.rejectOIDCScope(asked.filter((scope) => dials.withhold.includes(scope)).join(' '));
  const result = { login: { accountId: dials.account || 'account-1' }, consent: { grantId: await grant.save() } };
  void uid;
  await oidc.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString() || '{}');
}

async function serve(oidc, request, response) {
  if (request.url === '/_control') {
    if (request.method === 'POST') Object.assign(dials, await body(request));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...seen, dials }));
  } else if (request.url.startsWith('/interaction/')) {
    await accept(oidc, request, response);
  } else {
    if (request.url === '/token' && dials.drop > 0) {
      // everything takes effect, and the answer is lost
      dials.drop -= 1;
      response.end = () => request.socket.destroy();
    }
    await oidc.callback()(request, response);
  }
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const oidc = provider(issuer);
  server.on('request', (request, response) => {
    serve(oidc, request, response).catch((error) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  process.stdout.write(`${JSON.stringify({ url: issuer })}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
