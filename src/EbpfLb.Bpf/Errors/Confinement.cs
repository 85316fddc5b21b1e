namespace EbpfLb.Bpf;

/// <summary>Why root may be refused what its capabilities allow: AppArmor or SELinux, and by which profile or context.</summary>
internal static class Confinement
{
    private const string LabelFile = "/proc/self/attr/current";

    /// <summary>For this process, now. One line.</summary>
    public static string Advice() => Advice(Read());

    /// <param name="label">The content of /proc/self/attr/current; null: there is none, or it cannot be read.</param>
    public static string Advice(string? label)
    {
        var name = label?.Trim('\0', '\n', ' ');
        var who = name switch
        {
            null or "" => "a security module, or who owns the directory, may refuse it",
            _ when IsUnconfined(name) => $"no security module confines this process ('{name}'): look at who owns the directory, and "
                + "whether it is writable",
            _ => $"a security module confines this process as '{name}', which may not allow it",
        };
        return $"{who}; in Kubernetes, the DaemonSet of deploy/kubernetes asks for AppArmor's Unconfined, "
            + "that of OpenShift for SELinux's spc_t";
    }

    /// <summary>AppArmor's word, or a context of SELinux (USER:ROLE:TYPE:LEVEL) whose type is one of those that may do anything.</summary>
    private static bool IsUnconfined(string label)
        => label == "unconfined" || label.Split(':') is [_, _, "unconfined_t" or "unconfined_service_t" or "spc_t", ..];

    private static string? Read()
    {
        try
        {
            return File.ReadAllText(LabelFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
