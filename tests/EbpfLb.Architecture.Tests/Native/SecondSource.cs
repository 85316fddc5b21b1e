using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Native;

/// <summary>What a number of the C library or the kernel is on one architecture, as somebody else has it: Tmds.LibC, else the kernel's headers.</summary>
internal sealed partial class SecondSource
{
    private const string Includes = "/usr/include";

    /// <summary>In headers that no architecture has one of its own of; newer than the headers that Debian 12 has, or no plain number there.</summary>
    private static readonly Dictionary<string, long> OfCommonHeaders = new(StringComparer.Ordinal)
    {
        ["BPF_F_BEFORE"] = 1 << 3, // linux/bpf.h
        ["NS_GET_NSTYPE"] = (0xb7 << 8) | 0x3, // linux/nsfs.h: _IO(NSIO, 0x3), and _IO is the same on both
        ["LOCK_EX"] = 2, // asm-generic/fcntl.h, which no architecture here replaces
        ["LOCK_NB"] = 4,
        ["ENOTSUPP"] = 524, // include/linux/errno.h, which is not exported
    };

    private readonly Type library;
    private readonly Dictionary<string, long> headers;

    private SecondSource(Type library, Dictionary<string, long> headers) => (this.library, this.headers) = (library, headers);

    public static SecondSource X64 { get; } = Load("linux-x64", "x86_64-linux-gnu/asm/unistd_64.h");

    /// <summary>arm64 has the system calls of asm-generic.</summary>
    public static SecondSource Arm64 { get; } = Load("linux-arm64", "asm-generic/unistd.h");

    /// <summary>null: nobody has it.</summary>
    public long? Find(string name)
    {
        if (name.StartsWith("SYS_", StringComparison.Ordinal)) return headers.TryGetValue($"__NR_{name[4..].ToLowerInvariant()}", out var call) ? call : null;
        if (library.GetProperty(name, BindingFlags.Public | BindingFlags.Static) is { } property) return Number(property.GetValue(null)!);
        return headers.TryGetValue(name, out var number) || OfCommonHeaders.TryGetValue(name, out number) ? number : null;
    }

    /// <summary>C's typedefs are structs there, which print their number.</summary>
    private static long Number(object value) => value is IConvertible and not string
        ? Convert.ToInt64(value, CultureInfo.InvariantCulture)
        : long.Parse(value.ToString()!, CultureInfo.InvariantCulture);

    private static SecondSource Load(string runtime, string systemCalls)
    {
        var package = typeof(SecondSource).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Tmds.LibC").Value!;
        var assembly = new AssemblyLoadContext(runtime).LoadFromAssemblyPath(Path.Combine(package, "runtimes", runtime, "lib/netstandard2.0/Tmds.LibC.dll"));
        var headers = new Dictionary<string, long>(StringComparer.Ordinal);
        // Those of linux/ are common to all; asm-generic/ has what neither architecture has of its own.
        string[] files = [systemCalls, "linux/netlink.h", "linux/sched.h", "linux/stat.h", "linux/fcntl.h", "asm-generic/socket.h", "asm-generic/errno.h", "asm-generic/errno-base.h"];
        foreach (var file in files)
            foreach (Match match in Define().Matches(File.ReadAllText(Path.Combine(Includes, file)))) headers.TryAdd(match.Groups["name"].Value, Parse(match.Groups["number"].Value));
        return new SecondSource(assembly.GetType("Tmds.Linux.LibC", throwOnError: true)!, headers);
    }

    private static long Parse(string text) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? long.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : text.Length > 1 && text[0] == '0' ? Convert.ToInt64(text, 8) : long.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^#\s*define\s+(?<name>\w+)\s+(?<number>0[xX][0-9a-fA-F]+|[0-9]+)U?L?\b", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Define();
}
