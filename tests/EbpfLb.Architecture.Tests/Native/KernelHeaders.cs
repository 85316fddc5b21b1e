using System.Globalization;
using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Native;

/// <summary>Numbers of one architecture as the kernel's and the C library's headers have them.</summary>
internal sealed partial class KernelHeaders
{
    private const string Includes = "/usr/include";

    /// <summary>
    /// In headers that no architecture has one of its own of; newer than the headers that Debian 12 has, or no plain number there.
    /// </summary>
    private static readonly Dictionary<string, string> OfBoth = new(StringComparer.Ordinal)
    {
        ["BPF_F_BEFORE"] = "8", // linux/bpf.h
        ["NS_GET_NSTYPE"] = "0xb703", // linux/nsfs.h: _IO(0xb7, 0x3), and _IO is the same on both
        ["ENOTSUPP"] = "524", // include/linux/errno.h, which is not exported
    };

    /// <summary>arch/arm64/include/uapi/asm/fcntl.h, which another architecture does not install.</summary>
    private static readonly Dictionary<string, string> OfArm64 = new(StringComparer.Ordinal)
    {
        ["O_DIRECTORY"] = "040000",
        ["O_NOFOLLOW"] = "0100000",
        ["O_DIRECT"] = "0200000",
    };

    /// <summary>
    /// Those of linux/ are common to all; asm-generic/ has what neither architecture has of its own; bits/ are the same in glibc for both.
    /// </summary>
    private static readonly string[] Common =
    [
        "linux/netlink.h", "linux/sched.h", "linux/stat.h", "linux/fcntl.h", "linux/mman.h", "linux/bpf.h",
        "asm-generic/socket.h", "asm-generic/errno.h", "asm-generic/errno-base.h", "asm-generic/fcntl.h", "asm-generic/mman-common.h",
        "asm-generic/poll.h",
        "x86_64-linux-gnu/bits/socket.h", "x86_64-linux-gnu/bits/socket_type.h", "x86_64-linux-gnu/bits/eventfd.h", "malloc.h",
    ];

    /// <summary>Name to what stands behind it: a number, another name, "(NAME + 6)".</summary>
    private readonly Dictionary<string, string> texts;

    private KernelHeaders(string systemCalls, Dictionary<string, string> own)
    {
        texts = new(own, StringComparer.Ordinal);
        foreach (var file in Common.Prepend(systemCalls))
            foreach (Match match in Definition().Matches(File.ReadAllText(Path.Combine(Includes, file))))
                texts.TryAdd(match.Groups["name"].Value, match.Groups["text"].Value);
        foreach (var (name, text) in OfBoth) texts.TryAdd(name, text);
    }

    public static KernelHeaders X64 { get; } = new("x86_64-linux-gnu/asm/unistd_64.h", []);

    /// <summary>arm64 has the system calls of asm-generic.</summary>
    public static KernelHeaders Arm64 { get; } = new("asm-generic/unistd.h", OfArm64);

    /// <summary>null: they do not have it.</summary>
    public long? Find(string name)
    {
        if (name.StartsWith("SYS_", StringComparison.Ordinal)) name = $"__NR_{name[4..].ToLowerInvariant()}";
        if (!texts.TryGetValue(name, out var text)) return null;
        if (Sum().Match(text) is { Success: true } sum) return Find(sum.Groups["name"].Value) + Parse(sum.Groups["number"].Value);
        return char.IsLetter(text[0]) ? Find(text) : Parse(text);
    }

    private static long Parse(string text)
    {
        if (text[0] == '-') return -Parse(text[1..]);
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return long.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return text.Length > 1 && text[0] == '0' ? Convert.ToInt64(text, 8) : long.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// "#define NAME 0x10", "#define NAME OTHER", "#define NAME (OTHER + 6)", and "NAME = 010," of an enum. An enum's "#define NAME NAME"
    /// is not one.
    /// </summary>
    [GeneratedRegex(
        @"^\s*(?<define>#\s*define\s+)?(?<name>[A-Z_][A-Za-z0-9_]+)\s*(?(define)\s|=)\s*(?!\k<name>\b)"
            + @"(?<text>-?0[xX][0-9a-fA-F]+|-?[0-9]+|\([A-Z_]+ ?\+ ?[0-9]+\)|[A-Z][A-Z0-9_]+\b)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Definition();

    [GeneratedRegex(@"^\((?<name>[A-Z_]+) ?\+ ?(?<number>[0-9]+)\)$", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Sum();
}
