using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfLb.Kubernetes.Auth;

namespace EbpfLb.Kubernetes.Api;

/// <summary>Makes the client that talks to API servers: HTTP/2 where the server can, gzip, own trust, no proxy.</summary>
internal static class ApiTransport
{
    /// <summary>HTTP/2 pings find out that a peer is gone without a word, long before a watch's silence does.</summary>
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(15);

    /// <param name="credential">Its certificate is shown, with those of its issuers.</param>
    /// <exception cref="ConnectionException">The certificate cannot be used.</exception>
    public static ApiClient CreateClient(
        Uri server, ServerTrust trust, ApiCredential credential, ApiTimeouts timeouts, TimeProvider time, Version? httpVersion = null)
    {
        var shown = ContextOf(credential);
        return new ApiClient(server, SetUp, httpVersion ?? HttpVersion.Version20);

        void SetUp(SocketsHttpHandler handler)
        {
            handler.AutomaticDecompression = DecompressionMethods.GZip;
            handler.AllowAutoRedirect = false;
            handler.UseProxy = false;
            handler.UseCookies = false;
            handler.ConnectTimeout = timeouts.Connect;
            handler.ConnectCallback = (context, token)
                => ServerConnector.ConnectAsync(context.DnsEndPoint, Dns.GetHostAddressesAsync, time, token);
            handler.KeepAlivePingDelay = PingDelay;
            handler.KeepAlivePingTimeout = PingTimeout;
            handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (sender, remote, chain, errors) => trust.Check(
                    (sender as SslStream)?.TargetHostName is { Length: > 0 } host ? host : "the server",
                    remote as X509Certificate2,
                    chain,
                    errors,
                    time.GetUtcNow().UtcDateTime),
                CertificateChainPolicy = ChainPolicy(),
                ClientCertificateContext = shown,
                // A resumed session would show the certificate of the session that it resumes.
                AllowTlsResume = false,
            };
        }
    }

    /// <summary>
    /// What SslStream itself judges by, for the CAs of this machine: as it would, without fetching what a certificate names.
    /// </summary>
    private static X509ChainPolicy ChainPolicy() => new()
    {
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        ApplicationPolicy = { new Oid("1.3.6.1.5.5.7.3.1") },
    };

    private static SslStreamCertificateContext? ContextOf(ApiCredential credential)
    {
        if (credential.Certificate is not { } certificate) return null;
        try
        {
            return SslStreamCertificateContext.Create(certificate, credential.Intermediates, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw new ConnectionException(
                $"the client certificate \"{certificate.Subject}\" cannot be used for TLS: {e.Message}; renew it", e);
        }
    }
}
