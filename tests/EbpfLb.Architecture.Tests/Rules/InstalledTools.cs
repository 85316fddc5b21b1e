using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>
/// Every program that a test or a benchmark starts is one that tools/install-deps.sh knows: a fresh machine has none of them.
/// </summary>
internal static partial class InstalledTools
{
    /// <summary>Of packages without which there is no Debian ("Essential: yes").</summary>
    private static readonly HashSet<string> Essential = [
        "/bin/sh", "sh", "true", "sleep", "mv", "cat", "stat", "readlink", "mount", "umount"];

    /// <param name="tree">The repository.</param>
    /// <param name="installed">What <c>install-deps.sh list test bench</c> prints, "program:package" a line.</param>
    public static IEnumerable<string> Violations(SourceTree tree, IEnumerable<string> installed)
    {
        var known = installed.Select(line => line.Split(':')[0]).Concat(Essential).ToHashSet();
        return
            from file in tree.WithExtension(".cs")
            where file.Path.StartsWith("tests/", StringComparison.Ordinal)
                && !file.Path.StartsWith("tests/EbpfLb.Architecture.Tests/", StringComparison.Ordinal)
            from Match start in Start().Matches(file.Text)
            let tool = start.Groups["tool"].Value
            where !known.Contains(tool)
            select $"{file.Path}: '{tool}' is started here, and tools/install-deps.sh does not install it";
    }

    [GeneratedRegex(
        """(\bTool\(|\bProcessStartInfo\(|\bProcess\.Start\(|\bChildProcess\.(Run|Start)\((new ProcessPlace\((null, )?[^,;\n]*\)|[^,"\n;(]*), \[?|\bRun\()"(?<tool>[a-z/][a-z0-9/-]*)"[,)\]]""",
        RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Start();
}
