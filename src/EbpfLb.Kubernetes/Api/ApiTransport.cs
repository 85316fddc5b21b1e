using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EbpfLb.Kubernetes.Auth;

namespace EbpfLb.Kubernetes.Api;

/// <summary>Makes the HttpClient that talks to API servers: HTTP/2 where the server can, gzip, own trust, no proxy.</summary>
internal static class ApiTransport
{
    /// <summary>HTTP/2 pings find out that a peer is gone without a word, long before a watch's silence does.</summary>
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(15);

    /// <param name="certificate">The client certificate of now, asked at each handshake.</param>
    public static HttpClient CreateClient(
        ServerTrust trust, Func<X509Certificate2?> certificate, ApiTimeouts timeouts, TimeProvider time, Version? httpVersion = null)
    {
        var handler = new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.GZip,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = timeouts.Connect,
            ConnectCallback = (context, token) => ServerConnector.ConnectAsync(context.DnsEndPoint, Dns.GetHostAddressesAsync, token),
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (sender, remote, chain, errors) => trust.Check(
                    (sender as SslStream)?.TargetHostName is { Length: > 0 } host ? host : "the server",
                    remote as X509Certificate2,
                    chain,
                    errors,
                    time.GetUtcNow().UtcDateTime),
                LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate()!,
            },
        };
        return new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = httpVersion ?? HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
    }
}
