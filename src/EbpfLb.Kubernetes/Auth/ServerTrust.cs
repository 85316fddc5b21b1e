using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>Whether a server's certificate is believed. null <see cref="Authority"/> means the CAs of this machine.</summary>
/// <param name="Authority">The CA of the cluster; read at each handshake, so that a rotated file counts.</param>
/// <param name="SkipVerify">insecure-skip-tls-verify.</param>
/// <param name="ServerName">tls-server-name: the name asked for and checked instead of the URL's host.</param>
internal sealed record ServerTrust(PemSource? Authority = null, bool SkipVerify = false, string? ServerName = null)
{
    /// <summary>Judges a certificate.</summary>
    /// <exception cref="ServerTrustException">It is not believed; the message says why and what to set.</exception>
    /// <exception cref="ConfigException">The CA cannot be read.</exception>
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
        if (!IsChainTrusted(certificate, presented, errors, out var why))
            throw new ServerTrustException(UnknownAuthority(host, certificate, why));
        if (!errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return true;
        throw new ServerTrustException(
            $"the certificate of {host} is for {NamesOf(certificate)}; use one of these as the server's name, or set "
                + "tls-server-name in the kubeconfig");
    }

    private bool IsChainTrusted(X509Certificate2 certificate, X509Chain? presented, SslPolicyErrors errors, out string why)
    {
        why = "";
        if (Authority is null)
        {
            why = presented is null ? "" : string.Join(", ", presented.ChainStatus.Select(s => s.Status));
            return !errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors);
        }
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(Authority.ReadCertificates());
        if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        var trusted = chain.Build(certificate);
        why = string.Join(", ", chain.ChainStatus.Select(s => s.Status));
        return trusted;
    }

    private string UnknownAuthority(string host, X509Certificate2 certificate, string why)
        => $"the certificate of {host} was issued by \"{certificate.Issuer}\", which "
            + (Authority is null
                ? "no CA of this machine vouches for; set certificate-authority in the kubeconfig"
                : $"{Authority.Where} does not vouch for; set the CA of this cluster there")
            + (why.Length > 0 ? $" ({why})" : "");

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
