using System.Text;

namespace EbpfLb.Bpf;

/// <summary>A line of a mountinfo file (proc(5)).</summary>
/// <param name="Root">Path of the mount's root within its file system; "/" for a whole one.</param>
/// <param name="Point">Where it is mounted.</param>
/// <param name="Type">File system type.</param>
public sealed record Mount(string Root, string Point, string Type)
{
    /// <summary>What was named as its source; "" for none. What this product mounts has <see cref="FileSystems.OwnSource"/>.</summary>
    public string Source { get; init; } = "";

    /// <summary>Mounts come here from another mount namespace, or go there (shared, master).</summary>
    public bool IsPropagated { get; init; }

    /// <summary>"major:minor" of the file system: the same wherever, and in whatever mount namespace, it is mounted.</summary>
    public string Device { get; init; } = "";

    /// <summary>The mounts that the calling thread sees, which are those of the process unless the thread went elsewhere.</summary>
    public static IReadOnlyList<Mount> ReadAll() => Parse(File.ReadAllText("/proc/thread-self/mountinfo"));

    /// <summary>Parses the text of a mountinfo file; lines that are none are passed over.</summary>
    public static IReadOnlyList<Mount> Parse(string mountinfo)
    {
        List<Mount> mounts = [];
        foreach (var line in mountinfo.Split('\n'))
        {
            // 41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:5 - cgroup2 cgroup2 rw
            var fields = line.Split(' ');
            var separator = Array.IndexOf(fields, "-", Math.Min(fields.Length, 6));
            if (separator < 0 || separator + 1 >= fields.Length)
                continue;
            mounts.Add(new Mount(Unescape(fields[3]), Unescape(fields[4]), fields[separator + 1])
            {
                Device = fields[2],
                IsPropagated = fields[6..separator].Any(f
                    => f.StartsWith("shared:", StringComparison.Ordinal) || f.StartsWith("master:", StringComparison.Ordinal)),
                Source = separator + 2 < fields.Length ? Unescape(fields[separator + 2]) : "",
            });
        }

        return mounts;
    }

    /// <summary>The kernel writes blank, tab, newline and backslash as \ooo.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\'))
            return field;
        var text = new StringBuilder();
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length)
            {
                text.Append((char)Convert.ToInt32(field.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                text.Append(field[i]);
            }
        }

        return text.ToString();
    }
}
