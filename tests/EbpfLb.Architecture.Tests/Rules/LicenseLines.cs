namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>
/// The kernel side has its own licence: each C file below bpf/ starts with its SPDX line and one line that says what it is for.
/// </summary>
internal static class LicenseLines
{
    private const string Line = "/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */";

    public static IEnumerable<string> Violations(SourceTree tree)
    {
        foreach (var (path, text) in tree.WithExtension(".c", ".h"))
        {
            if (!path.StartsWith("bpf/", StringComparison.Ordinal)) continue;
            var lines = text.Split('\n');
            if (lines[0] != Line) yield return $"{path}: the first line must be {Line}";
            else if (lines.Length < 2 || !lines[1].StartsWith("/*", StringComparison.Ordinal))
                yield return $"{path}: the second line must be a comment that says what the file is for";
        }
    }
}
