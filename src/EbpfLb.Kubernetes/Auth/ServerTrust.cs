using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>Whether a server's certificate is believed. null <see cref="Authority"/> means the CAs of this machine.</summary>
/// <param name="Authority">The CA of the cluster; read at each handshake, so that a rotated file counts.</param>
/// <param name="SkipVerify">insecure-skip-tls-verify.</param>
/// <param name="ServerName">tls-server-name: the name asked for and checked instead of the URL's host.</param>
internal sealed record ServerTrust(PemSource? Authority = null, bool SkipVerify = false, string? ServerName = null)
{
    /// <summary>The Host header that makes the HTTP handler ask for <see cref="ServerName"/> and check it.</summary>
    public string? HostHeader => IsIPv6(ServerName) ? $"[{ServerName}]" : ServerName;

    /// <summary>Judges a certificate.</summary>
    /// <exception cref="ServerTrustException">It is not believed; the message says why and what to set.</exception>
    /// <exception cref="ConnectionException">The CA cannot be read.</exception>
    public bool Check(string host, X509Certificate2? certificate, X509Chain? presented, SslPolicyErrors errors, DateTime now)
    {
        if (SkipVerify) return true;
        if (certificate is null) throw new ServerTrustException($"{host} sent no certificate; is it an API server?");
        if (now < certificate.NotBefore.ToUniversalTime() || now > certificate.NotAfter.ToUniversalTime())
        {
            throw new ServerTrustException(
                $"the certificate of {host} is valid from {certificate.NotBefore.ToUniversalTime():u} "
                + $"to {certificate.NotAfter.ToUniversalTime():u} "
                + $"and it is {now:u}; renew it, or set this machine's clock");
        }
        if (Authority is not null) CheckAnchored(host, certificate, presented, Authority, now);
        else if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            throw new ServerTrustException(UnknownAuthority(
                host, certificate, presented is null ? "" : string.Join(", ", presented.ChainStatus.Select(s => s.Status))));
        // The handler asks with the brackets of the Host header, which no certificate has.
        if (!errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            || (IsIPv6(ServerName) && certificate.MatchesHostname(ServerName!))) return true;
        throw new ServerTrustException(
            $"the certificate of {host} is for {NamesOf(certificate)}; use one of these as the server's name, or set "
                + "tls-server-name in the kubeconfig");
    }

    private void CheckAnchored(string host, X509Certificate2 certificate, X509Chain? presented, PemSource authority, DateTime now)
    {
        switch (TrustAnchors.Judge(certificate, presented?.ChainPolicy.ExtraStore, authority.ReadCertificates(), now))
        {
            case { Verdict: AnchorVerdict.NoServer } judged:
                throw new ServerTrustException(
                    $"\"{judged.Detail}\" in the certificate chain of {host} is not for "
                        + "TLS servers (its extended key usage lacks serverAuth): "
                        + "give the API server a serving certificate");
            case { Verdict: AnchorVerdict.Unknown } judged:
                throw new ServerTrustException(UnknownAuthority(host, certificate, judged.Detail));
        }
    }

    private string UnknownAuthority(string host, X509Certificate2 certificate, string why)
        => $"the certificate of {host} was issued by \"{certificate.Issuer}\", which "
            + (Authority is null
                ? "no CA of this machine vouches for; set certificate-authority in the kubeconfig"
                : $"{Authority.Where} does not vouch for; set the CA of this cluster there")
            + (why.Length > 0 ? $" ({why})" : "");

    private static bool IsIPv6(string? name)
        => IPAddress.TryParse(name, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString())))
            .ToList();
        return names.Count > 0 ? string.Join(", ", names) : "no name at all";
    }
}

/// <summary>The server's certificate is not believed.</summary>
internal sealed class ServerTrustException(string message) : AuthenticationException(message);
