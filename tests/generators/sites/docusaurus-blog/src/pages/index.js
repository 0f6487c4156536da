export default function Home() {
  return <h1>Ferry Office</h1>;
}
