using EbpfLb.Scenarios.Format;

namespace EbpfLb.Scenarios.Corpus;

/// <summary>
/// Objects of a real control plane, compiled for each of its nodes: what becomes of connections to every frontend of every Service, from a
/// pod of the node, a pod of another, the node itself and outside. "make golden" writes what comes out, for a person to read as a diff.
/// </summary>
public sealed class CorpusTests
{
    [Theory]
    [InlineData("node-1")]
    [InlineData("node-2")]
    [InlineData("node-3")]
    public void Every_frontend_is_explained_as_the_file_of_the_node_says(string node)
    {
        var path = Path.Combine(CorpusCluster.Directory, node + ".txt");
        var actual = CorpusText.Write(node);
        var isWriting = Environment.GetEnvironmentVariable("EBPFLB_GOLDEN") == "write";
        if (isWriting) File.WriteAllText(path, actual);

        var expected = File.ReadAllText(path);

        Assert.True(expected == actual,
            $"{node}.txt differs (- is what the file says, + what came out); 'make "
                + $"golden' writes the new text\n{LineDiff.Write(expected, actual)}");
    }

    [Fact]
    public void Nothing_of_a_real_control_plane_is_refused()
        => Assert.DoesNotContain(CorpusCluster.Load("node-1").Problems, p => p.IsError);
}
