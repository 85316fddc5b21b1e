namespace EbpfLb.Kubernetes.Auth;

/// <summary>The cluster a plugin may be told about.</summary>
internal sealed record ExecCluster(string Server, ServerTrust Trust);

/// <summary>users[].user.exec of a kubeconfig.</summary>
/// <param name="Where">File and field, for messages.</param>
/// <param name="Cluster">Set when provideClusterInfo is.</param>
internal sealed record ExecSpec(
    string Where,
    string ApiVersion,
    string Command,
    IReadOnlyList<string> Arguments,
    IReadOnlyList<KeyValuePair<string, string>> Environment,
    string? InstallHint,
    ExecCluster? Cluster)
{
    private const string V1 = "client.authentication.k8s.io/v1";
    private const string V1Beta1 = "client.authentication.k8s.io/v1beta1";

    /// <exception cref="ConnectionException">A field is missing or not supported.</exception>
    public static ExecSpec Read(YamlMap exec, ExecCluster cluster)
    {
        var version = exec.Text("apiVersion");
        if (version is not (V1 or V1Beta1)) throw new ConnectionException($"{exec.Where("apiVersion")} is '{version}'; it must be {V1} "
            + $"or {V1Beta1}");
        if (exec.Text("interactiveMode") is "Always")
            throw new ConnectionException($"{exec.Where("interactiveMode")} is Always, and the agent has no terminal; use "
                + "IfAvailable or Never");
        var command = exec.Text("command")
            ?? throw new ConnectionException($"{exec.Where("command")} is not set; name the plugin's program");
        return new ExecSpec(
            exec.Where("command"),
            version,
            // As in client-go: a path with a slash is relative to the kubeconfig, a bare name is searched in PATH.
            command.Contains('/') ? KubeconfigFile.Absolute(exec, "command", command) : command,
            exec.Texts("args"),
            [.. exec.Maps("env").Select(Variable)],
            exec.Text("installHint"),
            exec.Flag("provideClusterInfo") ? cluster : null);
    }

    private static KeyValuePair<string, string> Variable(YamlMap variable)
    {
        var name = variable.Text("name")
            ?? throw new ConnectionException($"{variable.Where("name")} is not set; each variable needs a name");
        if (name.Contains('='))
            throw new ConnectionException($"{variable.Where("name")} is '{FieldText.Shown(name)}'; the name "
                + "of a variable has no '=': put what follows into value");
        return KeyValuePair.Create(name, variable.Text("value") ?? "");
    }
}
