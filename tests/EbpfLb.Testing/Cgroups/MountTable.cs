namespace EbpfLb.Testing.Cgroups;

/// <summary>Mounts of this process, from /proc/self/mountinfo (proc_pid_mountinfo(5)).</summary>
public static class MountTable
{
    /// <summary>Mount point of the first file system of a type, null when there is none.</summary>
    public static string? Find(string type)
    {
        foreach (var line in File.ReadLines("/proc/self/mountinfo"))
        {
            var words = line.Split(' ');
            var dash = Array.IndexOf(words, "-");
            // Field 4 is the root of the mount inside its file system, field 5 where it is mounted.
            if (dash > 0 && words[dash + 1] == type && words[3] == "/")
                return words[4].Replace("\\040", " ", StringComparison.Ordinal);
        }
        return null;
    }
}
