namespace EbpfLb.Kubernetes.Auth;

/// <summary>Makes credentials of a user of a kubeconfig.</summary>
internal static class KubeconfigUser
{
    /// <param name="time">Tells when what a plugin gave expires.</param>
    /// <exception cref="ConnectionException">The user has a kind of credentials that is not supported, or half of one.</exception>
    public static ApiCredentials CredentialsOf(YamlMap user, ExecCluster cluster, TimeProvider time)
    {
        if (user.Map("auth-provider") is not null)
            throw new ConnectionException($"{user.Where("auth-provider")} is not supported (Kubernetes removed it in 1.26); use an exec "
                + "plugin or a token");
        if (user.Text("username") is not null)
            throw new ConnectionException($"{user.Where("username")} is not supported (Kubernetes removed basic authentication in "
                + "1.19); use a token or a client certificate");
        if (user.Map("exec") is { } exec) return new ExecPlugin(ExecSpec.Read(exec, cluster), time);
        ApiCredentials? token = user.Text("tokenFile") is { } file
            ? new TokenFile(KubeconfigFile.Absolute(user, "tokenFile", file), user.Where("tokenFile"))
            : user.Text("token") is { } text ? new StaticToken(text, user.Where("token")) : null;
        return (CertificateOf(user), token) switch
        {
            ({ } certificate, { } also) => new BothCredentials(certificate, also),
            ({ } certificate, null) => certificate,
            (null, { } only) => only,
            _ => new NoCredentials(),
        };
    }

    private static ClientCertificate? CertificateOf(YamlMap user)
    {
        var certificate = KubeconfigFile.Pem(user, "client-certificate");
        var key = KubeconfigFile.Pem(user, "client-key");
        if (certificate is null && key is null) return null;
        if (certificate is null) throw new ConnectionException($"{key!.Where} is set and client-certificate is not; set both or neither");
        if (key is null) throw new ConnectionException($"{certificate.Where} is set and client-key is not; set both or neither");
        PemSource.ReadPair(certificate.Read(), key.Read(), certificate.Where, key.Where).Certificate!.Dispose();
        return new ClientCertificate(certificate, key);
    }
}
