using System.Text;
using EbpfLb.Model;

namespace EbpfLb.Agent.Output;

/// <summary>
/// Writes text with nothing hidden in it but ends of lines and tabs: names, annotations and errors come from whoever may write objects
/// of the cluster, and a terminal takes orders by control characters. JSON escapes those itself, so programs get them whole; characters
/// that only cannot be seen are replaced there too.
/// </summary>
internal sealed class VisibleWriter(TextWriter output) : TextWriter(output.FormatProvider)
{
    public override Encoding Encoding => output.Encoding;

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void Write(string? value) => output.Write(Visible(value));

    public override void WriteLine(string? value) => output.WriteLine(Visible(value));

    public override Task WriteAsync(char value) => WriteAsync(value.ToString());

    public override Task WriteAsync(char[] buffer, int index, int count) => WriteAsync(new string(buffer, index, count));

    public override Task WriteAsync(ReadOnlyMemory<char> buffer, CancellationToken cancellationToken = default)
        => output.WriteAsync(Visible(buffer.ToString()).AsMemory(), cancellationToken);

    public override Task WriteAsync(string? value) => output.WriteAsync(Visible(value));

    public override Task WriteLineAsync(string? value) => output.WriteLineAsync(Visible(value));

    public override void Flush() => output.Flush();

    public override Task FlushAsync() => output.FlushAsync();

    public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

    private static string Visible(string? value) => ForeignText.Visible(value ?? "");
}
