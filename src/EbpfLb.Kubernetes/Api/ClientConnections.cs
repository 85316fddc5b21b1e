using EbpfLb.Kubernetes.Auth;

namespace EbpfLb.Kubernetes.Api;

/// <summary>
/// The connections to the API servers, which belong to one client certificate at a time: TLS shows it at the handshake only, and an
/// HTTP/2 connection lives for as long as watches do. With another certificate, and after a refusal, new connections are made; the old
/// ones serve the answers that are being read, watches among them, and are closed after the last.
/// </summary>
/// <param name="create">Makes the connections for a credential's certificate.</param>
internal sealed class ClientConnections(Func<ApiCredential, ApiClient> create) : IDisposable
{
    private readonly Lock gate = new();
    private Generation? current;
    private bool isDisposed;

    /// <summary>Connections that show this certificate; to be disposed when the answer has been read.</summary>
    /// <exception cref="ObjectDisposedException">This was disposed of.</exception>
    public Lease Take(ApiCredential credential)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (current is { } generation && generation.Identity != credential.Identity) Retire(generation);
            current ??= new Generation(create(credential), credential.Identity);
            current.Users++;
            return new Lease(this, current);
        }
    }

    /// <summary>No new request goes over the connections of this lease: the server has refused what they show.</summary>
    public void Renew(Lease refused)
    {
        lock (gate)
        {
            // Of several requests that were refused at once the first renews for all.
            if (ReferenceEquals(current, refused.Generation)) Retire(refused.Generation);
        }
    }

    /// <summary>Open answers break.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            current?.Client.Dispose();
            current = null;
        }
    }

    private void Retire(Generation generation)
    {
        current = null;
        if (generation.Users == 0) generation.Client.Dispose();
    }

    private void Release(Generation generation)
    {
        lock (gate)
        {
            generation.Users--;
            if (generation.Users == 0 && !ReferenceEquals(current, generation)) generation.Client.Dispose();
        }
    }

    /// <summary>All connections that were made with one certificate.</summary>
    internal sealed class Generation(ApiClient client, string identity)
    {
        public ApiClient Client => client;

        public string Identity => identity;

        public int Users { get; set; }
    }

    /// <summary>The use of connections by one request and its answer.</summary>
    internal sealed class Lease(ClientConnections owner, Generation generation) : IDisposable
    {
        private int isReleased;

        public ApiClient Client => generation.Client;

        internal Generation Generation => generation;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isReleased, 1) == 0) owner.Release(generation);
        }
    }
}
