using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>Reads a kubeconfig (client-go's clientcmd/api/v1 Config) as far as it says how to reach one cluster.</summary>
public static class KubeconfigFile
{
    /// <summary>Reads the file and what it names. Paths in it are relative to its directory.</summary>
    /// <param name="context">Another context than current-context; null for that one.</param>
    /// <param name="time">Tells when credentials expire; null: the system's.</param>
    /// <exception cref="ConnectionException">It cannot be used; the message names file, field and what to do.</exception>
    public static ApiConnection Load(string path, string? context = null, TimeProvider? time = null)
    {
        var full = FullPath(path, null, OptionNames.Kubeconfig);
        var text = NamedFile.ReadText(full, OptionNames.Kubeconfig);
        return Read(full, text, context, time) with { File = new ConnectionFile(full, text, () => Load(full, context, time)) };
    }

    /// <summary>As if the file had this text.</summary>
    /// <exception cref="ConnectionException">It cannot be used.</exception>
    public static ApiConnection Read(string path, string text, string? context = null, TimeProvider? time = null)
    {
        var full = FullPath(path, null, OptionNames.Kubeconfig);
        var root = YamlMap.Parse(full, text);
        var name = context ?? root.Text("current-context")
            ?? throw new ConnectionException($"{root.Where("current-context")} is not set; run: kubectl config use-context NAME "
                + $"{OptionNames.Kubeconfig} {full}");
        var contextMap = Named(root, "contexts", "context", name, "current-context");
        var cluster = Named(root, "clusters", "cluster", Needed(contextMap, "cluster"), contextMap.Where("cluster"));
        var user = contextMap.Text("user") is { } userName ? Named(root, "users", "user", userName, contextMap.Where("user")) : null;
        var trust = TrustOf(cluster);
        var server = ServerUrl.Parse(Needed(cluster, "server"), cluster.Where("server"));
        var notes = new List<string>();
        if (cluster.Text("proxy-url") is { } proxy)
            notes.Add($"{cluster.Where("proxy-url")} ({WithoutUser(proxy)}): the API server is reached "
            + "without a proxy");
        if (trust.SkipVerify) notes.Add($"{cluster.Where("insecure-skip-tls-verify")}: the server's certificate is not checked; set "
            + "certificate-authority instead");
        if (user?.Text("as") is { } other) notes.Add($"{user.Where("as")} ({FieldText.Shown(other)}): impersonation is not done");
        return new ApiConnection([server], $"kubeconfig {full}, context {name}")
        {
            Namespace = contextMap.Text("namespace"),
            Notes = notes,
            Trust = trust,
            Credentials = user is null ? new NoCredentials()
                : KubeconfigUser.CredentialsOf(user, new ExecCluster(server.AbsoluteUri, trust), time ?? TimeProvider.System),
        };
    }

    private static ServerTrust TrustOf(YamlMap cluster)
    {
        var authority = Pem(cluster, "certificate-authority");
        _ = authority?.ReadCertificates();
        var name = cluster.Text("tls-server-name") is { } text ? FieldText.Host(text, cluster.Where("tls-server-name")) : null;
        return new ServerTrust(authority, cluster.Flag("insecure-skip-tls-verify"), name);
    }

    /// <summary>FIELD-data wins over FIELD, as in client-go.</summary>
    internal static PemSource? Pem(YamlMap map, string field)
        => map.Text($"{field}-data") is { } data ? new PemSource(map.Where($"{field}-data"), data, null)
            : map.Text(field) is { } path ? new PemSource(map.Where(field), null, Absolute(map, field, path))
            : null;

    /// <summary>A path of the file, which is relative to its directory.</summary>
    /// <param name="field">The field that holds it.</param>
    /// <exception cref="ConnectionException">No path.</exception>
    internal static string Absolute(YamlMap map, string field, string path)
        => FullPath(path, Path.GetDirectoryName(map.File) ?? "/", map.Where(field));

    private static string FullPath(string path, string? directory, string where)
    {
        try
        {
            return directory is null ? Path.GetFullPath(path) : Path.GetFullPath(path, directory);
        }
        catch (Exception e) when (e is ArgumentException or IOException or NotSupportedException)
        {
            throw new ConnectionException($"{where}: '{FieldText.Shown(path)}' is not a path: {e.Message}; correct it", e);
        }
    }

    /// <summary>A proxy's URL without the password that it may hold.</summary>
    private static string WithoutUser(string url)
        => FieldText.Shown(url[(url.LastIndexOf('@') + 1)..] is var rest && rest.Length < url.Length ? $"...@{rest}" : url);

    private static YamlMap Named(YamlMap root, string list, string item, string name, string namedBy)
    {
        var entries = root.Maps(list);
        var entry = entries.FirstOrDefault(e => e.Text("name") == name)
            ?? throw new ConnectionException($"{root.File}: {list} has no '{name}', which {namedBy} names; it has: "
                + $"{string.Join(", ", entries.Select(e => e.Text("name")))}");
        return entry.Map(item) ?? throw new ConnectionException($"{entry.Where(item)} is not set; the entry '{name}' is empty");
    }

    private static string Needed(YamlMap map, string key)
        => map.Text(key) ?? throw new ConnectionException($"{map.Where(key)} is not set; it is needed");
}
